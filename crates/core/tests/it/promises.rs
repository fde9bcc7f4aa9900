//! What the docs of the trait promise of every method.

/// The docs of each method of `SecretStore`, as they stand in the source.
fn methods() -> Vec<(String, String)> {
    let source = include_str!("../../src/store/mod.rs");
    let (_, after) = source.split_once("pub trait SecretStore").unwrap();
    let (body, _) = after.split_once("\n}\n").unwrap();
    let mut docs = String::new();
    let mut methods = Vec::new();
    for line in body.lines().map(str::trim) {
        if let Some(text) = line.strip_prefix("///") {
            docs.push_str(text);
        } else if let Some(rest) = line.strip_prefix("async fn ") {
            let name = rest.split('(').next().unwrap();
            methods.push((name.to_owned(), std::mem::take(&mut docs)));
        } else if line.is_empty() {
            docs.clear();
        }
    }
    methods
}

#[test]
fn every_method_says_what_a_cut_and_a_repeat_do() {
    let methods = methods();

    assert_eq!(methods.len(), 12);
    for (name, docs) in methods {
        let safe = docs.contains("Cancel-safe and repeat-safe: ");
        let told = docs.contains("Cut off, ") && docs.contains(" repeat ");
        assert_eq!((safe, told), (!name.starts_with("begin_"), !safe), "{name}");
    }
}
