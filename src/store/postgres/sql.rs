//! SQL on PostgreSQL: `:name` becomes `$n`, values are bound by name and sent in the type that the server inferred.

use std::collections::HashMap;
use std::error::Error;
use std::sync::{Arc, LazyLock, PoisonError, RwLock};

use bytes::BytesMut;
use deadpool_postgres::ClientWrapper as Client;
use jiff::Timestamp;
use tokio_postgres::types::{IsNull, ToSql, Type, WrongType, to_sql_checked};
use tokio_postgres::{Row, Statement};

use super::failure::failed;
use crate::store::sql::{Param, Params};
use crate::store::{Result, StoreError};

/// A value to send.
pub type Value<'v> = &'v (dyn ToSql + Sync);

/// Names and values of one statement; the names start with a colon, as in the text.
pub type Named<'v> = [(&'static str, Value<'v>)];

/// Names and values of one statement: `named![id: ids, at: times]`.
macro_rules! named {
    ($($name:ident: $value:expr),* $(,)?) => {
        [$((concat!(":", stringify!($name)), &$value as $crate::store::postgres::sql::Value<'_>)),*]
    };
}
pub(super) use named;

/// The parameters of a shared text.
pub fn named_of<'p>(params: &'p Params<'p>) -> Vec<(&'static str, Value<'p>)> {
    params.iter().map(|(name, value)| (*name, value as Value<'p>)).collect()
}

/// A text with numbered parameters.
pub struct Text {
    pub sql: String,
    /// The names, in the order of their numbers.
    names: Vec<&'static str>,
}

type Texts = HashMap<(usize, usize), Arc<Text>>;

/// Every text of the program, translated once. Texts are constants, so their address says which one it is.
static TEXTS: LazyLock<RwLock<Texts>> = LazyLock::new(RwLock::default);

impl Text {
    pub fn of(sql: &'static str) -> Arc<Self> {
        let key = (sql.as_ptr().addr(), sql.len());
        if let Some(text) = TEXTS.read().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return Arc::clone(text);
        }
        let text = Arc::new(Self::translate(sql));
        let mut texts = TEXTS.write().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(texts.entry(key).or_insert(text))
    }

    /// Numbers each name by its first place. Casts (`::`), literals, quoted names and comments stay as they are.
    fn translate(text: &'static str) -> Self {
        let (mut sql, mut names) = (String::with_capacity(text.len()), Vec::new());
        let mut rest = text;
        while let Some(at) = rest.find([':', '\'', '"', '-']) {
            let (before, from) = rest.split_at(at);
            sql.push_str(before);
            let name = from[1..].find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
            let name = &from[..name.map_or(from.len(), |end| end + 1)];
            let length = match from.as_bytes() {
                [b':', b':', ..] => 2,
                [b':', b'a'..=b'z' | b'_', ..] => {
                    let number = names.iter().position(|known| *known == name).unwrap_or_else(|| {
                        names.push(name);
                        names.len() - 1
                    });
                    sql.push('$');
                    sql.push_str(&(number + 1).to_string());
                    rest = &from[name.len()..];
                    continue;
                }
                [quote @ (b'\'' | b'"'), ..] => from[1..].find(char::from(*quote)).map_or(from.len(), |end| end + 2),
                [b'-', b'-', ..] => from.find('\n').unwrap_or(from.len()),
                _ => 1,
            };
            sql.push_str(&from[..length]);
            rest = &from[length..];
        }
        sql.push_str(rest);
        Self { sql, names }
    }

    /// The values in the order of their numbers.
    pub fn bind<'v>(&self, named: &Named<'v>) -> Result<Vec<Value<'v>>> {
        let unknown = named.iter().find(|(name, _)| !self.names.contains(name));
        if let Some((name, _)) = unknown {
            return Err(StoreError::Fault(format!("no parameter {name} in: {}", self.sql)));
        }
        let value = |wanted: &&str| named.iter().find(|(name, _)| name == wanted).map(|(_, value)| *value);
        let values = self.names.iter().map(|name| {
            let missing = || StoreError::Fault(format!("parameter {name} is not given in: {}", self.sql));
            value(name).ok_or_else(missing)
        });
        values.collect()
    }
}

/// A statement that one connection knows. Its calls send at their first poll, so that several polled in turn
/// share a round trip and arrive in that turn.
pub struct Prepared {
    text: Arc<Text>,
    statement: Statement,
}

impl Prepared {
    pub async fn on(client: &Client, sql: &'static str) -> Result<Self> {
        let text = Text::of(sql);
        let statement = client.prepare_cached(&text.sql).await.map_err(failed)?;
        Ok(Self { text, statement })
    }

    pub async fn query(&self, client: &Client, named: &Named<'_>) -> Result<Vec<Row>> {
        let values = self.text.bind(named)?;
        client.query(&self.statement, &values).await.map_err(failed)
    }

    /// Answers how many rows were changed.
    pub async fn execute(&self, client: &Client, named: &Named<'_>) -> Result<u64> {
        let values = self.text.bind(named)?;
        client.execute(&self.statement, &values).await.map_err(failed)
    }
}

/// The rows of one statement.
pub async fn query(client: &Client, sql: &'static str, named: &Named<'_>) -> Result<Vec<Row>> {
    Prepared::on(client, sql).await?.query(client, named).await
}

/// Runs one statement; answers how many rows it changed.
pub async fn execute(client: &Client, sql: &'static str, named: &Named<'_>) -> Result<u64> {
    Prepared::on(client, sql).await?.execute(client, named).await
}

type Sent = std::result::Result<IsNull, Box<dyn Error + Sync + Send>>;

fn send<T: ToSql>(value: T, kind: &Type, out: &mut BytesMut) -> Sent {
    if T::accepts(kind) {
        value.to_sql(kind, out)
    } else {
        Err(Box::new(WrongType::new::<T>(kind.clone())))
    }
}

impl ToSql for Param<'_> {
    fn to_sql(&self, kind: &Type, out: &mut BytesMut) -> Sent {
        match self {
            Self::Id(id) | Self::OptId(Some(id)) => send(*id, kind, out),
            Self::Text(text) | Self::OptText(Some(text)) => send(&**text, kind, out),
            Self::Bytes(bytes) | Self::OptBytes(Some(bytes)) => send(&**bytes, kind, out),
            Self::Int(number) | Self::OptInt(Some(number)) => match *kind {
                Type::INT2 => send(i16::try_from(*number)?, kind, out),
                Type::INT4 => send(i32::try_from(*number)?, kind, out),
                _ => send(*number, kind, out),
            },
            // Whole microseconds, cut off as SQLite's are.
            Self::Time(time) | Self::OptTime(Some(time)) => {
                send(Timestamp::from_microsecond(time.as_microsecond())?, kind, out)
            }
            Self::Bool(value) => send(*value, kind, out),
            Self::OptId(None)
            | Self::OptText(None)
            | Self::OptBytes(None)
            | Self::OptInt(None)
            | Self::OptTime(None) => Ok(IsNull::Yes),
        }
    }

    /// Any type: only the value knows, and refuses when it is sent.
    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn translated(text: &'static str) -> (String, Vec<&'static str>) {
        let text = Text::translate(text);
        (text.sql, text.names)
    }

    #[test]
    fn names_are_numbered_by_their_first_place() {
        let (sql, names) = translated("select :b, :a where a = :a and (b=:b) limit :limit_2");
        assert_eq!(sql, "select $1, $2 where a = $2 and (b=$1) limit $3");
        assert_eq!(names, [":b", ":a", ":limit_2"]);
    }

    #[test]
    fn one_name_may_begin_another() {
        let (sql, names) = translated("(:now, :now_too, :n)");
        assert_eq!(sql, "($1, $2, $3)");
        assert_eq!(names, [":now", ":now_too", ":n"]);
    }

    #[test]
    fn what_only_looks_like_a_name_stays() {
        for text in [
            "a::text",
            "'it is :a'",
            "'it''s :a'",
            "\":a\"",
            "x[1:2]",
            "a - 1 -- not :a",
            "-- :a\nselect 'é:é' - 2",
            ": :",
            "':a",
        ] {
            assert_eq!(translated(text), (text.to_owned(), Vec::new()));
        }
        assert_eq!(
            translated("cast(:a as bigint)||':b'||:c::text -- :d\n:e").0,
            "cast($1 as bigint)||':b'||$2::text -- :d\n$3"
        );
    }

    #[test]
    fn values_follow_the_numbers_and_must_all_be_there() {
        let text = Text::translate(":b :a :b");
        let bound = text.bind(&named![a: 1_i64, b: "two"]).unwrap();
        assert_eq!(format!("{bound:?}"), r#"["two", 1]"#);
        assert!(text.bind(&named![a: 1_i64]).is_err());
        assert!(text.bind(&named![a: 1_i64, b: 2_i64, c: 3_i64]).is_err());
    }

    #[test]
    fn a_value_is_sent_in_the_inferred_type_or_refused() {
        let sent = |param: Param<'_>, kind: Type| {
            let mut out = BytesMut::new();
            param.to_sql(&kind, &mut out).map(|_| out.to_vec()).ok()
        };
        assert_eq!(sent(7_i64.into(), Type::INT8), Some(vec![0, 0, 0, 0, 0, 0, 0, 7]));
        assert_eq!(sent(7_i64.into(), Type::INT4), Some(vec![0, 0, 0, 7]));
        assert_eq!(sent(7_i64.into(), Type::INT2), Some(vec![0, 7]));
        assert_eq!(sent(70_000_i64.into(), Type::INT2), None);
        assert_eq!(sent("x".into(), Type::UUID), None);
        assert_eq!(sent(None::<&str>.into(), Type::UUID), Some(vec![]));
    }
}
