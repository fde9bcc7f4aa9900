//! An allocator that looks at what it is given back.
#![expect(unsafe_code, reason = "an allocator can't be without")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::backtrace::Backtrace;
use std::cell::{Cell, RefCell};

use polyvault_testkit::leak::Mark;
use zeroizing_alloc::ZeroAlloc;

#[global_allocator]
static ALLOCATOR: Switch = Switch;

/// What a user can opt in to, on top of the allocator that looks.
static CLEARING: ZeroAlloc<Recorder> = ZeroAlloc(Recorder);

/// Goes the way of the opt-in on threads that say so.
struct Switch;

struct Recorder;

/// A block that held a mark when it was freed, or left for a larger one.
pub(crate) struct Block {
    pub(crate) size: usize,
    /// Which of the marks, by its place.
    pub(crate) mark: usize,
    pub(crate) how: &'static str,
    /// The functions under way, the innermost first.
    pub(crate) frames: Vec<String>,
}

thread_local! {
    /// What this thread looks for. Other threads are left alone: emulators keep what they are sent.
    static MARKS: Cell<Option<&'static [Mark]>> = const { Cell::new(None) };
    static CLEARS: Cell<bool> = const { Cell::new(false) };
    static FOUND: RefCell<Vec<Block>> = const { RefCell::new(Vec::new()) };
}

// SAFETY: both ways give and take the blocks of the one recorder.
unsafe impl GlobalAlloc for Switch {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise.
        unsafe { Recorder.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise.
        unsafe {
            match CLEARS.try_with(Cell::get) {
                Ok(true) => CLEARING.dealloc(block, layout),
                _ => Recorder.dealloc(block, layout),
            }
        }
    }
}

// SAFETY: every call is handed to the system's allocator as it is, but that blocks begin zeroed. `realloc` is the
// trait's own: a new block, a copy, and the old block freed, so that what is left behind is seen.
unsafe impl GlobalAlloc for Recorder {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise. Zeroed, so that all of a block may be read when it is freed.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        if let Ok(Some(marks)) = MARKS.try_with(Cell::get) {
            // SAFETY: the block is the caller's to free, as large as it was made, and was zeroed then.
            look(marks, unsafe {
                std::slice::from_raw_parts(block, layout.size())
            });
        }
        // SAFETY: the caller's promise, and `alloc` gives the system's blocks.
        unsafe { System.dealloc(block, layout) }
    }
}

fn look(marks: &'static [Mark], block: &[u8]) {
    let found = |(at, mark): (usize, &Mark)| Some((at, mark.find_in_bytes(block)?));
    if let Some((mark, how)) = marks.iter().enumerate().find_map(found) {
        // What follows allocates and frees.
        MARKS.set(None);
        let trace = Backtrace::force_capture().to_string();
        FOUND.with_borrow_mut(|all| {
            all.push(Block {
                size: block.len(),
                mark,
                how,
                frames: frames(&trace),
            });
        });
        MARKS.set(Some(marks));
    }
}

/// The names of functions, without those of this file and of the runtime around it.
fn frames(trace: &str) -> Vec<String> {
    trace
        .lines()
        .filter_map(|line| Some(line.trim().split_once(": ")?.1.to_owned()))
        .filter(|name| {
            let dull = [
                "recorder::",
                "std::backtrace",
                "__rust",
                "core::ops::function",
                "std::rt",
                "alloc::alloc",
            ];
            !dull.iter().any(|part| name.contains(part))
        })
        .collect()
}

/// Blocks of this thread that held one of the marks while `work` ran, and what it gave.
pub(crate) fn record<T>(marks: &'static [Mark], work: impl FnOnce() -> T) -> (T, Vec<Block>) {
    MARKS.set(Some(marks));
    let made = work();
    MARKS.set(None);
    (made, FOUND.take())
}

/// [`record`] with the opt-in on top.
pub(crate) fn record_cleared<T>(
    marks: &'static [Mark],
    work: impl FnOnce() -> T,
) -> (T, Vec<Block>) {
    CLEARS.set(true);
    let recorded = record(marks, work);
    CLEARS.set(false);
    recorded
}

/// Lets this thread do what it would not be to blame for, such as making up an answer.
pub(crate) fn unseen<T>(work: impl FnOnce() -> T) -> T {
    let marks = MARKS.take();
    let made = work();
    MARKS.set(marks);
    made
}
