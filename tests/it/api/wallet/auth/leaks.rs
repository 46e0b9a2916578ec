//! A code is in the message and nowhere else.

use serde_json::json;

use crate::support::app::{Engine, TestApp, on_both};
use crate::support::codes::{EMAIL, WHATSAPP};
use crate::support::database::hex;
use crate::support::token::parts;

on_both! { a_code_is_in_no_answer_no_token_and_no_row }

async fn a_code_is_in_no_answer_no_token_and_no_row(engine: Engine) {
    let app = TestApp::start(engine).await;
    let shop = app.shop().await;
    for way in [WHATSAPP, EMAIL] {
        let asked = way.ask(&shop).await;
        let token = way.token_of(&asked);
        let queued = app.contents().await;
        let code = app.code_for(way.to).await;
        let kept = app.contents().await;
        let verified = way.verify(&shop, &token, &code).await;
        let access = verified.json()["data"]["accessToken"].as_str().unwrap().to_owned();
        let used = app.contents().await;
        let (_, claims, _) = parts(&token);
        let (_, said, _) = parts(&access);
        // A code of six digits may stand in an id or a time by chance: it does not stand in a text of its own.
        let texts = [json!(code).to_string(), format!("{code}:"), hex(code.as_bytes())];
        for text in &texts {
            for (rows, when) in [(&queued, "queued"), (&kept, "kept"), (&used, "used")] {
                assert!(rows.iter().all(|row| !row.contains(text)), "{when}");
            }
            for said in [asked.text(), verified.text(), &claims.to_string(), &said.to_string()] {
                assert!(!said.contains(text), "{said}");
            }
        }
        // What was queued is erased once it is sent.
        assert_eq!(app.count("messages where sealed is not null").await, 0);
    }
}
