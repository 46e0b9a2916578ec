//! What a verb says of what happened: written in its own transaction.

use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use super::Result;
use super::sql::params;
use super::transaction::Tx;
use crate::domain::{ChallengeId, EnvironmentId, EventId, EventType, MessageId, UserId, whole_seconds};

const ADD: &str = "
    insert into events (id, environment_id, type, user_id, body, created_at)
    values (:id, :environment, :type, :user, :body, :now)";

/// Something that happened, about to be written.
pub(super) struct Happened {
    id: EventId,
    kind: EventType,
    environment: EnvironmentId,
    user: Option<UserId>,
    data: Value,
    now: Timestamp,
}

impl Happened {
    /// What happened to `subject` (a session, a key, a message: what it happens to once in a moment), and what there is
    /// to say of it. The event's id follows from these, so that a verb needs no id for it.
    pub fn to(subject: Uuid, kind: EventType, environment: EnvironmentId, data: Value, now: Timestamp) -> Self {
        let whole = [
            kind.as_str().as_bytes(),
            subject.as_bytes(),
            &now.as_microsecond().to_be_bytes(),
        ]
        .concat();
        let hash = aboard_vault::sha256(&whole);
        let mut bytes: [u8; 16] = std::array::from_fn(|at| hash[at]);
        // A UUIDv7 (RFC 9562): the time stands first, so that ids of one time stand together.
        let millis = u64::try_from(now.as_millisecond()).unwrap_or_default();
        bytes[..6].copy_from_slice(&millis.to_be_bytes()[2..]);
        bytes[6] = 0x70 | (bytes[6] & 0x0f);
        bytes[8] = 0x80 | (bytes[8] & 0x3f);
        Self {
            id: EventId(Uuid::from_bytes(bytes)),
            kind,
            environment,
            user: None,
            data,
            now,
        }
    }

    /// Whom it is about: an erasure of that user takes what the event says.
    pub fn about(self, user: UserId) -> Self {
        Self {
            user: Some(user),
            ..self
        }
    }

    /// The same under an id that came in.
    pub fn with_id(self, id: EventId) -> Self {
        Self { id, ..self }
    }
}

/// The body of an event as it is stored, signed and delivered.
#[must_use]
pub(crate) fn event_body(kind: &str, now: Timestamp, data: &Value) -> Vec<u8> {
    let body = json!({ "type": kind, "timestamp": whole_seconds(now), "data": data });
    body.to_string().into_bytes()
}

impl Tx<'_> {
    /// Writes an event in the transaction of its change.
    pub(super) async fn emit(&self, event: Happened) -> Result<()> {
        let kind = event.kind.as_str();
        let params = params![
            id: event.id.0, environment: event.environment.0, type: kind, user: event.user.map(|user| user.0),
            body: event_body(kind, event.now, &event.data), now: event.now,
        ];
        self.execute(ADD, &params).await?;
        self.note_event();
        Ok(())
    }
}

const MESSAGE: &str = "
    select message.environment_id, message.challenge_id, message.channel, message.state, message.last_error,
        coalesce(challenge.user_id, message.user_id), message.notice
    from messages message left join challenges challenge on challenge.id = message.challenge_id
    where message.id = :id and (message.state = 'delivered' or message.state = 'failed')";

/// Tells that a message arrived or was given up, if its state says so. For whoever has just changed that state.
pub(super) async fn message_ended(tx: &Tx<'_>, message: MessageId, now: Timestamp) -> Result<()> {
    let ended = tx
        .one(MESSAGE, &params![id: message.0], |row| {
            let kind = match row.text(3)?.as_str() {
                "delivered" => EventType::MessageDelivered,
                _ => EventType::MessageFailed,
            };
            let notice = row.opt_text(6)?;
            let challenge = ChallengeId(row.id(1)?);
            let data = json!({
                "message_id": message, "challenge_id": notice.is_none().then_some(challenge), "channel": row.text(2)?,
                "user_id": row.opt_id(5)?.map(UserId), "reason": row.opt_text(4)?, "notice": notice,
            });
            let event = Happened::to(message.0, kind, EnvironmentId(row.id(0)?), data, now);
            Ok(match row.opt_id(5)? {
                Some(user) => event.about(UserId(user)),
                None => event,
            })
        })
        .await?;
    match ended {
        Some(event) => tx.emit(event).await,
        None => Ok(()),
    }
}
