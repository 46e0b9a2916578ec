//! How a notice is written: to whom, in which language, and sealed as it is queued.

use std::sync::Arc;

use aboard_vault::Vault;
use serde_json::json;

use crate::clock::Ids;
use crate::domain::{Destination, Email, Language, MessageId};
use crate::sealed;
use crate::settings::Settings;
use crate::store::{NoticeDraft, NoticeWriter, WrittenNotice};

/// What writes the notices of an instance.
#[must_use]
pub fn writer(vault: &Arc<Vault>, ids: &Ids, settings: &Settings) -> NoticeWriter {
    let (vault, ids, settings) = (Arc::clone(vault), ids.clone(), settings.clone());
    Arc::new(move |draft| write(&vault, &ids, &settings, draft))
}

fn write(vault: &Vault, ids: &Ids, settings: &Settings, draft: &NoticeDraft<'_>) -> Option<WrittenNotice> {
    let settings = settings.of(draft.environment);
    let operator = Email::parse(&settings.notices.email).ok().map(Destination::Email);
    let to = draft.to.or(operator.as_ref())?;
    let channel = match to {
        Destination::Email(_) => "email",
        Destination::Phone(_) => "sms",
    };
    let language = draft.language.and_then(Language::from_tag);
    let language = language.unwrap_or_else(|| settings.login.language());
    let id = MessageId(ids.id());
    let queued = json!({
        "kind": to.kind(), "key": to.key(), "notice": draft.notice.name(), "about": draft.about,
        "asked_by": draft.organization, "language": language.tag(),
    });
    let place = sealed::message(draft.environment, id);
    Some(WrittenNotice {
        id,
        channel,
        sealed: vault.seal(&place, queued.to_string().as_bytes(), ids.entropy()),
    })
}
