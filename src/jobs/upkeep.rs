//! What a node does by the clock: re-reads credentials, notes key uses, sweeps what has ended.

use std::time::Duration;

use tokio::task::JoinHandle;

use crate::instance::Instance;
use crate::tokens::Tokens;

/// Sweeps go on at once while there is this much to delete.
const FULL_SWEEP: u64 = 1_000;

/// Starts the loop; it ends when its task is aborted, which loses nothing.
pub fn start(instance: Instance, tokens: Tokens) -> JoinHandle<()> {
    tokio::spawn(async move {
        let mut every_second = tokio::time::interval(Duration::from_secs(1));
        every_second.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
        for second in 0_u64.. {
            every_second.tick().await;
            refresh(&instance, &tokens).await;
            if second % 5 == 0 {
                crate::http::recorder().run_upkeep();
            }
            if second % 60 == 30 {
                once_a_minute(&instance).await;
            }
        }
    })
}

async fn refresh(instance: &Instance, tokens: &Tokens) {
    let changed = match instance.store.refresh_credentials(instance.clock.now()).await {
        Ok(changed) => changed,
        Err(error) => {
            tracing::warn!(%error, "cannot re-read credentials; after 5 s every key is looked up in the store");
            return;
        }
    };
    if (changed || instance.settings.is_stale())
        && let Err(error) = instance.settings.load(&instance.store).await
    {
        tracing::error!(%error, "cannot re-read the settings of environments; trying again in a second");
    }
    if (changed || tokens.is_stale())
        && let Err(error) = tokens.load(instance).await
    {
        tracing::error!(
            error = format!("{error:#}"),
            "cannot re-read the signing keys; trying again in a second"
        );
    }
}

async fn once_a_minute(instance: &Instance) {
    let uses = instance.store.key_uses();
    if !uses.is_empty()
        && let Err(error) = instance.store.note_key_uses(uses).await
    {
        tracing::warn!(%error, "cannot note when keys were used");
    }
    match instance.store.stopped_channels(instance.store.system()).await {
        Ok(stopped) => metrics::gauge!("aboard_channels_stopped").set(stopped),
        Err(error) => tracing::warn!(%error, "cannot see which channels are stopped; trying again in a minute"),
    }
    loop {
        match instance
            .store
            .sweep(instance.store.system(), instance.clock.now())
            .await
        {
            Ok(swept) if swept >= FULL_SWEEP => {}
            Ok(_) => break,
            Err(error) => {
                tracing::warn!(%error, "cannot sweep; trying again in a minute");
                break;
            }
        }
    }
}
