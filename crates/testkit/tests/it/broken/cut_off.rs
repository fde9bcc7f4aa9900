//! Faults that only a call that is dropped on the way shows.

use futures_util::FutureExt;
use polyvault_core::*;

use super::bug::{Bug, bug, rows};
use super::plain::Plain;

rows![
    CutPutLeavesHalf,
    CutPutForgetsItsKey,
    CutCreateIsMadeTwice,
    CutCreateMeetsItself,
    CutUpdateRewritesTheValue,
    CutDeleteProtects,
    CutRecoveryPurges,
    CutPurgeRecovers,
];

/// Does harm at the service if it is dropped before the call went on.
struct Cut<'a, F: Fn(&MemoryStore)> {
    plain: &'a Plain,
    harm: Option<F>,
}

impl<F: Fn(&MemoryStore)> Drop for Cut<'_, F> {
    fn drop(&mut self) {
        if let Some(harm) = &self.harm {
            harm(&self.plain.memory);
        }
    }
}

/// The place where the call can be cut off.
async fn cuttable(plain: &Plain, harm: impl Fn(&MemoryStore) + Send) {
    let mut cut = Cut {
        plain,
        harm: Some(harm),
    };
    tokio::task::yield_now().await;
    cut.harm = None;
}

/// A call on a store in memory, which is done at its first poll.
fn at_once<T>(call: impl Future<Output = Result<T>>) {
    assert!(matches!(call.now_or_never(), Some(Ok(_))));
}

bug!(
    CutPutLeavesHalf,
    a_put_that_was_cut_off_is_whole_or_absent,
    begin_put,
    async |plain, secret, value, options| {
        cuttable(plain, |memory| at_once(memory.put(secret.clone(), "ha"))).await;
        plain.begin_put(secret, value, options).await
    }
);

bug!(
    CutPutForgetsItsKey,
    a_put_that_was_cut_off_is_made_once_by_its_repeat,
    begin_put,
    async |plain, secret, value, options| {
        let payload = value.into_payload()?;
        let unnamed = PutOptions {
            idempotency_key: None,
            ..options.clone()
        };
        cuttable(plain, |memory| {
            at_once(memory.put_with(secret.clone(), &payload, unnamed.clone()));
        })
        .await;
        plain.begin_put(secret, payload.into(), options).await
    }
);

bug!(
    CutCreateIsMadeTwice,
    a_first_put_that_was_cut_off_makes_no_twin_with_its_repeat,
    begin_put,
    async |plain, secret, value, options| {
        let payload = value.into_payload()?;
        let is_new = plain.memory.describe(secret).await.is_err();
        cuttable(plain, |memory| {
            for _ in 0..if is_new { 2 } else { 0 } {
                let made = memory.faults().make_twin(secret.as_str(), payload.clone());
                assert!(made.is_ok());
            }
        })
        .await;
        plain.begin_put(secret, payload.into(), options).await
    }
);

bug!(
    CutCreateMeetsItself,
    a_create_that_was_cut_off_is_no_strangers_to_its_repeat,
    begin_put,
    async |plain, secret, value, options| {
        let payload = value.into_payload()?;
        let unnamed = PutOptions::from(options.mode);
        cuttable(plain, |memory| {
            at_once(memory.put_with(secret.clone(), &payload, unnamed.clone()));
        })
        .await;
        plain.begin_put(secret, payload.into(), options).await
    }
);

bug!(
    CutUpdateRewritesTheValue,
    an_update_that_was_cut_off_is_settled_by_its_repeat,
    begin_update,
    async |plain, secret, patch| {
        cuttable(plain, |memory| at_once(memory.put(secret.clone(), ""))).await;
        plain.begin_update(secret, patch).await
    }
);

bug!(
    CutDeleteProtects,
    a_delete_that_was_cut_off_is_settled_by_its_repeat,
    begin_delete,
    async |plain, secret, options| {
        let protect = InfoPatch {
            deletion_protection: Some(true),
            ..InfoPatch::default()
        };
        cuttable(plain, |memory| {
            at_once(memory.update(secret.clone(), protect.clone()));
        })
        .await;
        plain.begin_delete(secret, options).await
    }
);

bug!(
    CutRecoveryPurges,
    a_recovery_that_was_cut_off_is_settled_by_its_repeat,
    begin_recover,
    async |plain, secret| {
        cuttable(plain, |memory| at_once(memory.purge(secret.clone()))).await;
        plain.begin_recover(secret).await
    }
);

bug!(
    CutPurgeRecovers,
    a_purge_that_was_cut_off_is_settled_by_its_repeat,
    begin_purge,
    async |plain, secret| {
        cuttable(plain, |memory| at_once(memory.recover(secret.clone()))).await;
        plain.begin_purge(secret).await
    }
);
