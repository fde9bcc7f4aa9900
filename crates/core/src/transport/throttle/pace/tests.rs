//! How the pace falls and comes back, by a time that is passed in.

use super::*;

fn at(millis: u64) -> Timestamp {
    later(Timestamp::UNIX_EPOCH, Duration::from_millis(millis))
}

/// Half a second of requests at 100/s, and then a refusal, which is answered at 500 ms.
fn searching() -> Pace {
    let mut pace = Pace::default();
    for request in 0..50 {
        pace.went_through(at(request * 10));
    }
    assert_eq!(pace.wait(at(500)), Duration::ZERO);
    pace.refused(at(480), at(500), at(500));
    pace
}

/// The same, refused again at 400 ms into the search, where something had gone through.
fn known() -> (Pace, f64) {
    let mut pace = searching();
    pace.went_through(at(800));
    let refused = rate(&pace, 3500);
    pace.refused(at(3480), at(3500), at(3500));
    (pace, refused)
}

fn rate(pace: &Pace, millis: u64) -> f64 {
    pace.course
        .and_then(|course| course.at(at(millis)))
        .unwrap_or(f64::INFINITY)
}

fn near(one: f64, other: f64) -> bool {
    (one / other - 1.0).abs() < 0.01
}

#[test]
fn the_search_begins_below_what_went_through_and_doubles_each_second() {
    let pace = searching();
    let first = rate(&pace, 500);
    assert!((20.0..50.0).contains(&first), "{first}");
    assert!(near(rate(&pace, 2500), 4.0 * first));
    assert!(rate(&pace, 60_000).is_infinite());
}

#[test]
fn what_went_through_counts_less_by_the_half_second() {
    let mut pace = Pace::default();
    pace.went_through(at(0));
    for (millis, left) in [
        (0, 1.0_f64),
        (250, 0.606_53),
        (500, 0.367_88),
        (1500, 0.049_787),
    ] {
        assert!(near(pace.flow_at(at(millis)), left), "{millis}");
    }
}

#[test]
fn where_nothing_went_through_for_long_the_search_begins_at_its_least() {
    let mut pace = Pace::default();
    pace.refused(at(0), at(10), at(10));
    assert!(near(rate(&pace, 10), SEARCHED));
}

#[test]
fn the_refusals_of_one_round_lower_the_pace_once() {
    let (mut pace, _) = known();
    let before = rate(&pace, 3600);
    for begun in [3400, 3490, 3500, 3600] {
        pace.refused(at(begun), at(3520), at(3520));
    }
    assert!(near(rate(&pace, 3600), before));
    pace.refused(at(3601), at(3620), at(3620));
    assert!(rate(&pace, 3620) < 0.7 * before);
}

#[test]
fn a_known_pace_comes_back_in_its_time_and_is_given_up_when_it_has_grown() {
    let (pace, refused) = known();
    assert!(near(rate(&pace, 3500), DECREASE * refused));
    let recovered = 3500 + 25_000;
    assert!(near(rate(&pace, recovered), refused));
    // Ten seconds on either side it is within a fortieth; a minute on it is far beyond.
    assert!(rate(&pace, recovered - 10_000) > 0.97 * refused);
    assert!(rate(&pace, recovered + 10_000) < 1.03 * refused);
    assert!(rate(&pace, recovered + 60_000) > 3.5 * refused);
    assert!(rate(&pace, recovered + 300_000).is_infinite());
}

#[test]
fn a_known_pace_at_which_nothing_goes_through_is_halved_and_comes_back() {
    let (mut pace, refused) = known();
    let before = rate(&pace, 9000);
    for (now, left) in [(9000, before / 2.0), (9020, before / 4.0)] {
        // Nothing is to be learnt from more of them, so that each may be a round.
        pace.refused(at(now - 10), at(now), at(now));
        assert!(pace.is_stuck());
        assert!((0.9..1.2).contains(&(rate(&pace, now) / left)));
    }
    assert!(near(rate(&pace, 9020 + 25_000), refused));
}

#[test]
fn a_pace_that_had_grown_beyond_and_nothing_goes_through_comes_back_to_what_it_was() {
    let (mut pace, refused) = known();
    let before = rate(&pace, 80_000);
    assert!(before > 2.0 * refused);
    pace.refused(at(79_950), at(80_000), at(80_000));
    assert!(near(rate(&pace, 80_000), before / 2.0));
    assert!(near(rate(&pace, 105_000), before));
}

#[test]
fn a_search_in_which_nothing_goes_through_is_halved_and_goes_on() {
    let mut pace = searching();
    for now in [900, 1100, 1300, 1500, 1700] {
        pace.refused(at(now - 50), at(now), at(now));
    }
    let low = rate(&pace, 1700);
    assert!(low < searching().flow_at(at(500)) / 8.0);
    // However low it came, it goes on until it is far above where it began.
    assert!(near(rate(&pace, 12_700), 2048.0 * low));
    assert!(rate(&pace, 14_700).is_infinite());
}

#[test]
fn of_two_refusals_within_seconds_the_second_leaves_what_went_through_between() {
    let (mut pace, refused) = known();
    for _ in 0..32 {
        pace.went_through(at(3700));
    }
    pace.refused(at(3740), at(3750), at(3750));
    let expected = ABOVE * 33.0 / 0.25;
    assert!(expected < 0.7 * refused);
    assert!(near(rate(&pace, 3750), DECREASE * expected));
    assert!(near(rate(&pace, 28_750), expected));
}

#[test]
fn what_goes_through_after_a_gate_is_counted_from_when_it_opens() {
    let mut pace = searching();
    pace.went_through(at(3000));
    pace.refused(at(3480), at(3500), at(4500));
    for _ in 0..129 {
        pace.went_through(at(5000));
    }
    pace.refused(at(5450), at(5500), at(5500));
    assert!(near(rate(&pace, 5500), DECREASE * ABOVE * 130.0));
}

#[test]
fn a_second_refusal_within_seconds_no_more_than_about_halves_the_pace() {
    let (mut pace, _) = known();
    let before = rate(&pace, 4500);
    pace.went_through(at(3600));
    pace.refused(at(4450), at(4500), at(4500));
    assert!(near(rate(&pace, 4500), DECREASE * ABOVE * before / 2.0));
    assert!(!pace.is_stuck());
}

#[test]
fn a_second_refusal_within_seconds_raises_no_pace() {
    let (mut pace, _) = known();
    let before = rate(&pace, 4500);
    for _ in 0..1000 {
        pace.went_through(at(4000));
    }
    pace.refused(at(4450), at(4500), at(4500));
    assert!(near(rate(&pace, 4500), DECREASE * before));
}

#[test]
fn later_refusals_take_a_fixed_share_whatever_went_through() {
    let (mut pace, _) = known();
    let before = rate(&pace, 5600);
    pace.went_through(at(5000));
    pace.refused(at(5550), at(5600), at(5600));
    assert!(near(rate(&pace, 5600), DECREASE * before));
}

#[test]
fn the_slowest_pace_grows_too() {
    let mut pace = Pace::default();
    for now in (10..4000).step_by(200) {
        pace.refused(at(now - 5), at(now), at(now));
    }
    pace.went_through(at(3815));
    pace.refused(at(3815), at(3820), at(3820));
    assert!(rate(&pace, 3820) < 1.1 * SLOWEST);
    assert!(rate(&pace, 1_000_000) > 4.0 * SLOWEST);
}

#[test]
fn nothing_grows_while_the_gate_is_closed() {
    let mut pace = Pace::default();
    pace.refused(at(0), at(10), at(9000));
    assert!(near(rate(&pace, 9000), SEARCHED));
    pace.refused(at(0), at(20), at(12_000));
    assert!(near(rate(&pace, 12_000), SEARCHED));
}

#[test]
fn who_waited_for_a_gate_begins_at_the_pace() {
    let mut pace = Pace::default();
    pace.refused(at(0), at(10), at(1000));
    assert_eq!(pace.wait(at(1000)), Duration::ZERO);
    pace.take(at(1000));
    assert_eq!(pace.wait(at(1000)), Duration::from_millis(250));
    // A later word of the same round closes it for longer.
    pace.refused(at(0), at(1100), at(3000));
    pace.take(at(3000));
    assert_eq!(pace.wait(at(3000)), Duration::from_millis(250));
}

#[test]
fn a_late_request_delays_no_other() {
    let mut pace = Pace::default();
    pace.refused(at(0), at(10), at(1000));
    pace.take(at(1000));
    pace.take(at(1350));
    let gap = Duration::from_secs_f64(rate(&pace, 1350).recip());
    let late = Duration::from_millis(100);
    assert!(pace.wait(at(1350)).abs_diff(gap - late) < Duration::from_millis(1));
}

#[test]
fn a_clock_that_is_set_back_holds_nobody_for_longer_than_a_gap() {
    let mut pace = Pace::default();
    pace.refused(at(0), at(3_600_000), at(3_600_000));
    pace.take(at(3_600_000));
    pace.take(at(3_600_000));
    assert_eq!(pace.wait(at(1000)), Duration::from_millis(250));
}
