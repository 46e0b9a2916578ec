//! A whole instance is copied to another database, compared, and fenced.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use aboard::store::{CopyStep, NOT_COPIED, Standing, Store, StoreError};

use crate::support::copying::{call, contents, copied, leave, populate, stopped};
use crate::support::store::{Engine, TestStore};
use crate::support::world::World;

/// Runs each scenario, an `async fn(TestStore, TestStore)`, from each engine to each that makes sense.
macro_rules! directions {
    ($($name:ident),* $(,)?) => {$(
        mod $name {
            use crate::support::store::{Engine::{Postgres, Sqlite}, TestStore};

            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn sqlite_to_postgres() {
                super::$name(TestStore::new(Sqlite).await, TestStore::new(Postgres).await).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn sqlite_to_sqlite() {
                super::$name(TestStore::new(Sqlite).await, TestStore::new(Sqlite).await).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn postgres_to_postgres() {
                super::$name(TestStore::new(Postgres).await, TestStore::new(Postgres).await).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn postgres_to_sqlite() {
                super::$name(TestStore::new(Postgres).await, TestStore::new(Sqlite).await).await;
            }
        }
    )*};
}

directions! {
    everything_arrives_and_the_source_is_fenced,
    a_copy_that_is_broken_off_anywhere_goes_on,
    a_source_that_went_on_is_copied_anew,
    a_row_that_changed_on_the_way_is_noticed,
    a_target_that_holds_something_else_is_refused,
    nobody_writes_to_the_source_meanwhile,
}

/// The indexes, each with what makes it.
async fn indexes(store: &TestStore) -> Vec<String> {
    store
        .rows(match store.engine {
            Engine::Sqlite => "select name, sql from sqlite_schema where type = 'index' order by name",
            Engine::Postgres => "select indexname, indexdef from pg_indexes where schemaname = 'public' order by 1",
        })
        .await
}

async fn everything_arrives_and_the_source_is_fenced(source: TestStore, target: TestStore) {
    let world = populate(&source).await;
    let whole = indexes(&target).await;
    assert!(whole.len() > 5, "{whole:?}");
    let numbers = source.rows("select max(seq) from events").await;
    let last: i64 = numbers[0].parse().unwrap();
    let before = contents(&source).await;
    leave(&source).await;
    let done = copied(&source, &target).await;

    let of_schema: BTreeSet<_> = target.tables().await.into_iter().collect();
    let mut reached: BTreeSet<_> = done.tables.iter().map(|table| table.table.clone()).collect();
    let of_the_database = NOT_COPIED.iter().map(|table| (*table).to_owned());
    reached.extend(of_the_database.filter(|table| of_schema.contains(table)));
    assert_eq!(reached, of_schema, "a table of the schema is not copied");
    assert_eq!(indexes(&target).await, whole);
    let empty: Vec<_> = done.tables.iter().filter(|table| table.rows == 0).collect();
    assert!(
        empty.len() * 3 < done.tables.len(),
        "most tables hold something: {empty:?}"
    );
    for table in &done.tables {
        assert_eq!(target.count(&table.table).await as u64, table.rows, "{}", table.table);
        assert_eq!(table.checksum.len(), 64);
    }
    if source.engine == target.engine {
        assert_eq!(contents(&target).await, before);
    }
    assert_eq!(done.found, 0);

    assert_eq!(target.standing().await.unwrap(), Standing::Own);
    let comer = || target.comer("later");
    target
        .import_users(&world.sandbox.server, target.import_of([comer()]))
        .await
        .unwrap();
    let numbers = target.rows("select max(seq) from events").await;
    assert_eq!(
        numbers[0].parse::<i64>().unwrap(),
        last + 2,
        "a number was given out twice"
    );

    let source = source.another().await;
    assert_eq!(
        source.standing().await.unwrap(),
        Standing::MovedTo("the new place".to_owned())
    );
    let error = source
        .import_users(&world.sandbox.server, source.import_of([comer()]))
        .await;
    let error = error.expect_err("it is fenced").to_string();
    assert!(
        error.contains("this store was copied to the new place and takes no more writes"),
        "{error}"
    );
    let key = aboard::domain::KeyId(world.sandbox.partner.key.id);
    let revoked = source.revoke_key(&source.admin(), key, source.now()).await;
    assert!(revoked.is_err_and(|error| error.to_string().contains("the new place")));
    assert_eq!(contents(&source).await, before);

    // And back again, to where it can be compared with itself.
    let end = TestStore::new(source.engine).await;
    let kept = contents(&target).await.len();
    leave(&target).await;
    copied(&target, &end).await;
    let came_back = contents(&end).await;
    assert_eq!(came_back.len(), kept);
    let missing: Vec<_> = before.iter().filter(|row| !came_back.contains(row)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

async fn a_copy_that_is_broken_off_anywhere_goes_on(source: TestStore, target: TestStore) {
    populate(&source).await;
    leave(&source).await;
    // The four directions together break off at every second step.
    let mut attempts =
        2 * usize::from(source.engine == Engine::Postgres) + 4 * usize::from(target.engine == Engine::Postgres);
    let done = loop {
        let mut steps = 0;
        let copy = Store::copy(call(&source, &target), |_| {
            steps += 1;
            if steps > attempts {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        });
        match copy.await {
            Ok(done) => break done,
            Err(error) => assert!(error.to_string().contains("broken off"), "{error}"),
        }
        attempts += 8;
        let unfinished = Standing::UnfinishedCopyOf("the old place".to_owned());
        assert_eq!(target.standing().await.unwrap(), unfinished);
        if source.engine == Engine::Sqlite {
            let beside = source.beside();
            beside
                .execute("update instance set revision = revision where one = 1", [])
                .unwrap();
        }
    };
    assert!(attempts > 20, "it was broken off {attempts} times");
    assert!(done.found > 0);
    assert_eq!(target.standing().await.unwrap(), Standing::Own);
    for table in &done.tables {
        assert_eq!(
            target.count(&table.table).await,
            source.count(&table.table).await,
            "{}",
            table.table
        );
    }
}

async fn a_source_that_went_on_is_copied_anew(source: TestStore, target: TestStore) {
    let world = populate(&source).await;
    leave(&source).await;
    let after_users = |step| match step {
        CopyStep::Compared(_) => ControlFlow::Break(()),
        CopyStep::Copied { .. } => ControlFlow::Continue(()),
    };
    Store::copy(call(&source, &target), after_users).await.unwrap_err();
    let name = "update users set name = 'Changed' where id = (select id from users order by id limit 1)";
    source.execute(name).await;
    let open = source.another().await;
    open.import_users(&world.sandbox.server, open.import_of([open.comer("later")]))
        .await
        .unwrap();
    leave(&open).await;
    copied(&source, &target).await;
    assert_eq!(target.count("users where name = 'Changed'").await, 1);
    assert_eq!(target.count("users").await, source.count("users").await);
}

async fn a_row_that_changed_on_the_way_is_noticed(source: TestStore, target: TestStore) {
    populate(&source).await;
    leave(&source).await;
    let mut changed = false;
    let copy = Store::copy(call(&source, &target), |step| {
        if !changed && matches!(step, CopyStep::Compared(_)) {
            changed = true;
            let change = target.execute("update users set name = 'Unknown' where name = 'unal7'");
            tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(change));
        }
        ControlFlow::Continue(())
    });
    let error = copy.await.unwrap_err();
    assert!(matches!(error, StoreError::Fault(_)));
    assert!(error.to_string().contains("users has 23 rows"), "{error}");
    assert_eq!(source.another().await.standing().await.unwrap(), Standing::Own);
    assert_ne!(target.standing().await.unwrap(), Standing::Own);
}

async fn a_target_that_holds_something_else_is_refused(source: TestStore, target: TestStore) {
    let empty = stopped(&source_alone(&source).await, &target).await;
    assert!(empty.contains("there is no instance in the source"), "{empty}");

    let source = source.another().await;
    populate(&source).await;
    leave(&source).await;
    target.world().await;
    let before = target.everything().await;
    let error = stopped(&source, &target).await;
    assert!(error.contains("--to: the new place is not empty"), "{error}");
    assert_eq!(target.everything().await, before);

    // The unfinished copy of one instance is no place for another.
    let other = TestStore::new(Engine::Sqlite).await;
    populate(&other).await;
    leave(&other).await;
    let place = TestStore::new(target.engine).await;
    Store::copy(call(&other, &place), |_| ControlFlow::Break(()))
        .await
        .unwrap_err();
    let error = stopped(&source, &place).await;
    assert!(
        error.contains("is an unfinished copy of another store, the old place"),
        "{error}"
    );
    // Nor is it a source.
    leave(&place).await;
    let error = stopped(&place, &TestStore::new(Engine::Sqlite).await).await;
    assert!(
        error.contains("instance") || error.contains("unfinished copy"),
        "{error}"
    );

    // What has moved is no source any more, and no target.
    let new = TestStore::new(target.engine).await;
    copied(&source, &new).await;
    let again = stopped(&source, &TestStore::new(Engine::Sqlite).await).await;
    assert!(again.contains("was copied before"), "{again}");
    let error = stopped(&other, &source).await;
    assert!(
        error.contains("takes no more writes") || error.contains("not empty"),
        "{error}"
    );
}

async fn source_alone(source: &TestStore) -> TestStore {
    leave(source).await;
    source.clone()
}

async fn nobody_writes_to_the_source_meanwhile(source: TestStore, target: TestStore) {
    let world = populate(&source).await;
    if source.engine == Engine::Postgres {
        let error = stopped(&source, &target).await;
        assert!(error.contains("a server is running on the old place"), "{error}");
    }
    leave(&source).await;
    let mut refused = false;
    let copy = Store::copy(call(&source, &target), |_| {
        if !refused {
            refused = true;
            assert!(write(&source, &world), "somebody wrote to the source");
        }
        ControlFlow::Continue(())
    });
    copy.await.unwrap();
    assert_eq!(target.count("users").await, 23);
}

/// Whether a write to the source is refused right now.
fn write(source: &TestStore, world: &World) -> bool {
    if source.engine == Engine::Sqlite {
        let beside = source.beside();
        beside.busy_timeout(std::time::Duration::ZERO).unwrap();
        return beside.execute("update users set name = 'Late'", []).is_err();
    }
    // Whoever writes waits for the copy, five seconds at most.
    let written = async {
        let open = source.another().await;
        let written = open
            .import_users(&world.sandbox.server, open.import_of([open.comer("late")]))
            .await;
        open.close().await;
        matches!(written, Err(StoreError::Unavailable(_)))
    };
    tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(written))
}
