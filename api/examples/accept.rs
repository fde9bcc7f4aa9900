//! Writes the files in `api/`: to accept a change of the public API.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a tool of developers"
)]

#[path = "../tests/it/render.rs"]
mod render;
#[expect(dead_code, reason = "the tests ask for more")]
#[path = "../tests/it/rustdoc.rs"]
mod rustdoc;

fn main() {
    for (name, library) in rustdoc::all() {
        std::fs::write(render::file(name), render::render(library)).unwrap();
    }
}
