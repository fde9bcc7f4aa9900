//! Waiting, chaining and resuming.
#![expect(clippy::unwrap_used, reason = "tests")]

use super::*;
use crate::clock::ManualClock;

struct Slow(u32, Option<Duration>);

#[async_trait]
impl Poll<&'static str> for Slow {
    async fn poll(&mut self) -> Result<Polled<&'static str>> {
        match self.0 {
            0 => Ok(Polled::Done("result")),
            _ => {
                self.0 -= 1;
                Ok(Polled::Pending(self.1))
            }
        }
    }
}

fn slow(polls: u32, told: Option<Duration>) -> (Arc<ManualClock>, Operation<&'static str>) {
    let clock = Arc::new(ManualClock::at(jiff::Timestamp::UNIX_EPOCH));
    let id = OperationId::new("op-1").unwrap();
    let operation = Operation::pending(id, Arc::clone(&clock) as _, Slow(polls, told));
    (clock, operation)
}

#[tokio::test]
async fn waits_at_the_pace_that_the_service_tells() {
    let (clock, operation) = slow(3, Some(Duration::from_secs(7)));

    assert_eq!(
        operation.wait(WaitPolicy::default()).await.unwrap(),
        "result"
    );
    assert_eq!(clock.now().as_second(), 21);
}

#[tokio::test]
async fn gives_up_at_the_deadline_and_tells_the_id() {
    let (clock, operation) = slow(u32::MAX, None);

    let policy = WaitPolicy {
        deadline: Duration::from_secs(10),
        interval: Duration::from_secs(4),
    };
    let error = operation.wait(policy).await.unwrap_err();

    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert_eq!(error.retry(), Retry::OutcomeUnknown);
    assert!(error.help().contains("op-1"));
    assert_eq!(clock.now().as_second(), 10);
}

#[tokio::test]
async fn no_pace_of_nothing_makes_a_busy_loop() {
    for told in [None, Some(Duration::ZERO)] {
        let (_, operation) = slow(u32::MAX, told);
        let policy = WaitPolicy {
            deadline: Duration::from_secs(1),
            interval: Duration::ZERO,
        };

        let error = operation.wait(policy).await.unwrap_err();

        assert_eq!(error.kind(), ErrorKind::Timeout);
    }
}

#[tokio::test]
async fn an_operation_that_was_lost_sight_of_is_no_reason_to_begin_another() {
    struct Away(ErrorKind);

    #[async_trait]
    impl Poll<()> for Away {
        async fn poll(&mut self) -> Result<Polled<()>> {
            Err(Error::new(self.0, "the poll failed"))
        }
    }

    for (kind, retry) in [
        (ErrorKind::Unavailable, Retry::OutcomeUnknown),
        (ErrorKind::RateLimited, Retry::OutcomeUnknown),
        (ErrorKind::Decode, Retry::OutcomeUnknown),
        (ErrorKind::Unauthenticated, Retry::OutcomeUnknown),
        (ErrorKind::OperationFailed, Retry::Never),
    ] {
        let clock = Arc::new(ManualClock::at(jiff::Timestamp::UNIX_EPOCH));
        let id = OperationId::new("op-1").unwrap();
        let operation = Operation::pending(id, clock, Away(kind));

        let error = operation.wait(WaitPolicy::default()).await.unwrap_err();

        assert_eq!((error.kind(), error.retry()), (kind, retry));
        let told = error.help().contains("op-1");
        assert_eq!(told, retry == Retry::OutcomeUnknown);
    }
}

#[tokio::test]
async fn a_poll_dropped_in_the_second_step_loses_nothing() {
    let (_, operation) = slow(0, None);
    let mut operation = operation.and_then(|text| async move {
        tokio::task::yield_now().await;
        Ok(text.len())
    });

    assert!(operation.poll().now_or_never().is_none());

    assert!(matches!(operation.poll().await.unwrap(), Polled::Done(6)));
    assert!(operation.poll().await.is_err());
}

#[tokio::test]
async fn the_second_step_runs_once_the_first_is_done() {
    let (_, operation) = slow(2, None);
    let mut operation = operation.and_then(|text| async move { Ok(text.len()) });

    assert_eq!(operation.id().unwrap().as_str(), "op-1");
    assert!(matches!(
        operation.poll().await.unwrap(),
        Polled::Pending(_)
    ));
    assert_eq!(operation.wait(WaitPolicy::default()).await.unwrap(), 6);
}
