//! `GET /assets/{name}`

use crate::support::app::{Engine, TestApp, on_both};

on_both! {
    the_files_that_pages_name_are_there,
    a_browser_that_has_a_file_is_told_so,
    what_is_not_there_is_404,
}

const FILES: [(&str, &str, &[u8]); 2] = [
    (
        "/assets/aboard.css",
        "text/css; charset=utf-8",
        include_bytes!("../../../assets/aboard.css"),
    ),
    (
        "/assets/aboard.svg",
        "image/svg+xml",
        include_bytes!("../../../assets/aboard.svg"),
    ),
];

async fn the_files_that_pages_name_are_there(engine: Engine) {
    let app = TestApp::start(engine).await;
    let page = app.anonymous().get(&app.link("ada").await).await;
    let mut named: Vec<&str> = page
        .page()
        .split('"')
        .filter(|text| text.starts_with("/assets/"))
        .collect();
    named.sort_unstable();
    named.dedup();
    assert_eq!(named, FILES.map(|(path, ..)| path));
    for (path, kind, bytes) in FILES {
        let answer = app.anonymous().get(path).await;
        assert_eq!((answer.status, &answer.body[..]), (200, bytes));
        assert_eq!(
            (answer.header("content-type"), answer.header("cache-control")),
            (kind, "public, max-age=600")
        );
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert!(
            !answer.header("content-security-policy").contains("script"),
            "{answer:?}"
        );
        let head = app.anonymous().call("HEAD", path).send().await;
        assert_eq!((head.status, head.body.len()), (200, 0));
    }
}

async fn a_browser_that_has_a_file_is_told_so(engine: Engine) {
    let app = TestApp::start(engine).await;
    let mut tags = Vec::new();
    for (path, ..) in FILES {
        let tag = app.anonymous().get(path).await.header("etag").to_owned();
        assert!(tag.len() > 10 && tag.starts_with('"') && tag.ends_with('"'), "{tag}");
        for known in [
            tag.clone(),
            format!("W/{tag}"),
            format!("\"old\", {tag}"),
            "*".to_owned(),
        ] {
            let again = app
                .anonymous()
                .call("GET", path)
                .header("if-none-match", &known)
                .send()
                .await;
            assert_eq!(
                (again.status, again.body.len(), again.header("etag")),
                (304, 0, &*tag),
                "{known}"
            );
            assert_eq!(again.header("cache-control"), "public, max-age=600");
        }
        let older = app
            .anonymous()
            .call("GET", path)
            .header("if-none-match", "\"old\"")
            .send()
            .await;
        assert_eq!(older.status, 200);
        tags.push(tag);
    }
    assert_ne!(tags[0], tags[1]);
}

async fn what_is_not_there_is_404(engine: Engine) {
    let app = TestApp::start(engine).await;
    for name in [
        "",
        "x",
        "aboard.css.map",
        "..%2FCargo.toml",
        "ABOARD.CSS",
        "%00",
        "%FF",
        "aboard.css%00",
    ] {
        let answer = app.anonymous().get(&format!("/assets/{name}")).await;
        assert_eq!(answer.status, 404, "{name}");
        answer.page();
    }
    let posted = app.anonymous().submit("/assets/aboard.css", "").await;
    assert_eq!((posted.status, posted.header("allow")), (405, "GET,HEAD"));
}
