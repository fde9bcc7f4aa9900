//! Dotenv files, variables and directories: what stands there is read, and no error shows it.

use std::collections::BTreeMap;
use std::fs;

use polyvault_core::{EnvStore, Environment, GetOptions, PageRequest, SecretStore};
use proptest::collection::{btree_map, vec};
use proptest::sample::select;

use super::*;

fn run<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    runtime.unwrap().block_on(work)
}

fn dotenv(text: &[u8]) -> Result<Environment, Error> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(".env");
    fs::write(&path, text).unwrap();
    Environment::dotenv(path)
}

/// The value of a secret, or the error.
fn read(store: &EnvStore, name: &str) -> Result<Vec<u8>, Error> {
    let secret = SecretRef::try_from(name)?;
    let read = run(store.get(&secret, GetOptions::default()))?;
    Ok(read.payload.single()?.expose_bytes().to_vec())
}

/// The names in the store's list.
fn names(store: &EnvStore) -> Vec<String> {
    let page = run(store.list_page(PageRequest::default())).unwrap();
    let names = page
        .items
        .into_iter()
        .map(|item| item.name.unwrap().to_string());
    names.collect()
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn what_stands_in_a_dotenv_file_is_read(
        variables in btree_map("[A-Z_][A-Z0-9_]{0,20}", ("[^'\\\\\\p{Cc}]{1,30}", 0..3_u8), 0..6),
        noise in select(vec!["", "\n", "# comment = 'x\n", "  \n"]),
    ) {
        let mut text = noise.to_owned();
        for (name, (value, how)) in &variables {
            let export = if *how == 0 { "export " } else { "" };
            let blank = if *how == 1 { "  " } else { "" };
            text += &format!("{export}{name}{blank}={blank}'{value}'\n{noise}");
        }

        let environment = dotenv(text.as_bytes()).unwrap();

        for (name, (value, _)) in &variables {
            prop_assert_eq!(environment.text(name), Some(value.clone()), "{}", text);
        }
        let known = names(&EnvStore::variables(environment.clone(), ""));
        prop_assert_eq!(known, variables.keys().cloned().collect::<Vec<_>>());
    }

    #[test]
    fn what_is_no_dotenv_file_is_refused_without_a_value(
        lines in vec(joined(&[
            "NAME", "=", "=", "hunter2", "hunter2", "\"", "'", " ", "#", "\\", "export ", "hunter2==", "+/",
            "-----BEGIN PRIVATE KEY-----", "-----END PRIVATE KEY-----", "\u{e9}", "\0", "\r",
        ], 5), 0..6),
        bytes in proptest::option::weighted(0.1, any::<Vec<u8>>()),
    ) {
        let text = bytes.unwrap_or_else(|| lines.join("\n").into_bytes());
        if let Err(error) = dotenv(&text) {
            quotes_nothing(&error, ErrorKind::Config)?;
        }
    }

    #[test]
    fn a_variable_is_read_by_its_name_and_by_no_other(
        variables in btree_map("[A-Z0-9_]{1,12}", ".{1,20}", 0..5),
        name in prop_oneof!["[a-z0-9-]{1,12}", "\\PC{1,12}"],
        prefix in select(vec!["", "APP_"]),
    ) {
        let mut environment = Environment::empty().with("OTHER", MARK);
        for (variable, value) in &variables {
            environment = environment.with(format!("{prefix}{variable}"), value);
        }
        let (exact, snake) = (
            EnvStore::variables(environment.clone(), prefix),
            EnvStore::upper_snake(environment, prefix),
        );
        for (variable, value) in &variables {
            prop_assert_eq!(read(&exact, variable).unwrap(), value.as_bytes());
            let lower = variable.to_ascii_lowercase().replace('_', "-");
            prop_assert_eq!(read(&snake, &lower).unwrap(), value.as_bytes());
        }
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        let variable = name.to_ascii_uppercase().replace('-', "_");
        let due = variables.get(&variable).filter(|_| name.chars().all(plain));
        if name != "other" {
            match (read(&snake, &name), due) {
                (Ok(value), Some(due)) => prop_assert_eq!(value, due.as_bytes()),
                (Err(error), None) => {
                    let kind = match name.chars().all(plain) {
                        true => ErrorKind::NotFound,
                        false => ErrorKind::InvalidInput,
                    };
                    quotes_nothing(&error, kind)?;
                }
                (read, due) => prop_assert!(false, "{name:?}: {read:?}, {due:?}"),
            }
        }
    }

    #[test]
    fn a_file_is_read_byte_for_byte_and_none_outside_of_the_directory(
        files in btree_map("[0-9a-zA-Z_-][0-9a-zA-Z._-]{0,12}", any::<Vec<u8>>(), 0..4),
        name in prop_oneof![
            select(vec![
                "../outside", "./../outside", "../within/../outside", "..", ".", "..\\outside", "%2e%2e%2foutside",
                "..\u{2215}outside", "../", "/",
            ]).prop_map(str::to_owned),
            "\\PC{1,12}",
        ],
    ) {
        let folder = tempfile::tempdir().unwrap();
        let within = folder.path().join("within");
        fs::create_dir(&within).unwrap();
        fs::write(folder.path().join("outside"), MARK).unwrap();
        for (file, bytes) in &files {
            fs::write(within.join(file), bytes).unwrap();
        }
        let store = EnvStore::directory(&within).unwrap();

        for (file, bytes) in &files {
            prop_assert_eq!(&read(&store, file).unwrap(), bytes);
        }
        prop_assert_eq!(names(&store), files.keys().cloned().collect::<Vec<_>>());
        let whole = folder.path().join("outside").display().to_string();
        for name in [name, whole].into_iter().filter(|name| !files.contains_key(name)) {
            let error = read(&store, &name).unwrap_err();
            let known = [ErrorKind::NotFound, ErrorKind::InvalidInput].contains(&error.kind());
            prop_assert!(known, "{:?}: {}", name, error);
        }
    }
}

#[test]
fn a_file_of_the_most_that_a_secret_has_is_read_and_a_larger_one_refused() {
    let folder = tempfile::tempdir().unwrap();
    let store = EnvStore::directory(folder.path()).unwrap();
    let sizes = BTreeMap::from([("fits", 1024 * 1024), ("large", 1024 * 1024 + 1)]);
    for (name, size) in sizes {
        fs::write(folder.path().join(name), vec![b'x'; size]).unwrap();
    }

    assert_eq!(read(&store, "fits").unwrap(), vec![b'x'; 1024 * 1024]);
    let error = read(&store, "large").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge);
}
