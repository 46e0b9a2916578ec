//! The user as this surface shows it to a back end.

use serde_json::{Map, Value};

use crate::domain::{KeyScope, UserId, WaffyToken};
use crate::resource;
use crate::store::{ServerScope, User};
use crate::web::Web;

/// `waffy_token` for keys with the scope `users:token`, else `null`.
pub fn waffy_token(web: &Web, scope: &ServerScope, user: UserId) -> Value {
    if !scope.allows(KeyScope::UsersToken) {
        return Value::Null;
    }
    WaffyToken::of(&web.instance.vault, scope.environment(), user)
        .expose()
        .into()
}

/// The answer's data, in the documented order.
pub fn user(web: &Web, scope: &ServerScope, user: &User) -> Map<String, Value> {
    let mut shown = Map::new();
    for (name, value) in resource::user(user) {
        let is_status = name == "status";
        shown.insert(name, value);
        if is_status {
            shown.insert("waffy_token".to_owned(), waffy_token(web, scope, user.id));
        }
    }
    shown
}
