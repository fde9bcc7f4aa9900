//! All false claims that are one step from the truth.

use std::fmt::Debug;

use polyvault_core::Capabilities;
use polyvault_core::capabilities::{
    Alphabet, CreateStrength, Encoded, Entries, Generate, LabelRule, Limits, LostPut, MakeCurrent,
    NameRule, Scope, SizeUnit, Versions,
};

/// A false claim, and the check that must see it.
#[derive(Clone, Debug)]
pub struct Flip {
    /// The name of the check.
    pub check: &'static str,
    /// What is claimed instead.
    pub what: String,
    /// The claim: the true one but for one field.
    pub capabilities: Capabilities,
}

/// Every claim that differs from the true `capabilities` in one field: each other value of an
/// enum or a flag, one less and one more of a limit, none where there is one and one
/// where there is none, other alphabets.
///
/// Run each with [`claiming`](super::claiming): its check must fail.
///
/// # Example
///
/// ```
/// use polyvault_core::{MemoryStore, SecretStore};
/// use polyvault_testkit::conformance::flips;
///
/// let flips = flips(MemoryStore::new().capabilities());
/// assert!(flips.iter().any(|flip| flip.check == "limit_page_size"));
/// ```
#[must_use]
pub fn flips(capabilities: &Capabilities) -> Vec<Flip> {
    // Without `..`: a new field doesn't compile until it is flipped.
    let Capabilities {
        provider,
        put,
        read_values,
        versions,
        entries,
        binary,
        encoded,
        empty_values,
        labels,
        content_type,
        description,
        validity,
        clear_validity,
        disable,
        rename,
        deletion_protection,
        update_version,
        make_current,
        destroy,
        cancel_destruction,
        delete,
        soft_delete,
        recover,
        purge,
        resume,
        create,
        lost_put,
        generate,
        twins,
        limits,
    } = capabilities;
    let mut flips = Flips {
        of: capabilities,
        all: Vec::new(),
    };
    macro_rules! flip {
        ($field:ident, $check:literal, $others:expr) => {
            flips.add($check, $others(*$field), |can, other| can.$field = other);
        };
    }
    flip!(provider, "capability_provider", |_| ["another-provider"]);
    flip!(put, "capability_put", not);
    flip!(read_values, "capability_read_values", not);
    flip!(versions, "capability_versions", cycle(next_versions));
    flip!(entries, "capability_entries", cycle(next_entries));
    flip!(binary, "capability_binary", not);
    flip!(encoded, "capability_encoded", cycle(next_encoded));
    flip!(empty_values, "capability_empty_values", not);
    flip!(labels, "capability_labels", cycle(next_scope));
    flip!(content_type, "capability_content_type", not);
    flip!(description, "capability_description", cycle(next_scope));
    flip!(validity, "capability_validity", not);
    flip!(clear_validity, "capability_clear_validity", not);
    flip!(disable, "capability_disable", cycle(next_scope));
    flip!(rename, "capability_rename", not);
    flip!(deletion_protection, "capability_deletion_protection", not);
    flip!(update_version, "capability_update_version", not);
    flip!(
        make_current,
        "capability_make_current",
        cycle(next_make_current)
    );
    flip!(destroy, "capability_destroy", not);
    flip!(cancel_destruction, "capability_cancel_destruction", not);
    flip!(delete, "capability_delete", not);
    flip!(soft_delete, "capability_soft_delete", not);
    flip!(recover, "capability_recover", not);
    flip!(purge, "capability_purge", not);
    flip!(resume, "capability_resume", not);
    flip!(create, "capability_create", cycle(next_create));
    flip!(lost_put, "capability_lost_put", cycle(next_lost_put));
    flip!(generate, "capability_generate", cycle(next_generate));
    flip!(twins, "capability_twins", not);
    flip_limits(&mut flips, limits);
    flips.all
}

fn flip_limits(flips: &mut Flips<'_>, limits: &Limits) {
    let Limits {
        name,
        payload_size,
        payload_unit,
        entry_key,
        labels,
        content_type_chars,
        description_chars,
        page_size,
    } = *limits;
    flip_name(flips, name);
    flips.add("limit_payload_size", sizes(payload_size), |can, other| {
        can.limits.payload_size = other;
    });
    flips.add(
        "limit_payload_unit",
        cycle(next_unit)(payload_unit),
        |can, other| {
            can.limits.payload_unit = other;
        },
    );
    flip_entry_key(flips, entry_key);
    flip_labels(flips, labels);
    flips.add(
        "limit_content_type_chars",
        sizes(content_type_chars),
        |can, other| {
            can.limits.content_type_chars = other;
        },
    );
    flips.add(
        "limit_description_chars",
        sizes(description_chars),
        |can, other| {
            can.limits.description_chars = other;
        },
    );
    let pages = sizes(page_size.and_then(|most| usize::try_from(most).ok()));
    flips.add("limit_page_size", pages, |can, other| {
        can.limits.page_size = other.and_then(|most| u32::try_from(most).ok());
    });
}

fn flip_name(flips: &mut Flips<'_>, rule: NameRule) {
    let NameRule {
        max_chars,
        alphabet,
        forbidden_prefix,
        case_sensitive,
    } = rule;
    flips.add("limit_name_max_chars", near(max_chars), |can, other| {
        can.limits.name.max_chars = other;
    });
    flips.add("limit_name_alphabet", alphabets(alphabet), |can, other| {
        can.limits.name.alphabet = other;
    });
    let prefixes = match forbidden_prefix {
        None => vec![Some("kit")],
        Some(prefix) => vec![
            None,
            Some("kit"),
            prefix.get(..prefix.len().saturating_sub(1)),
        ],
    };
    flips.add("limit_name_prefix", prefixes, |can, other| {
        can.limits.name.forbidden_prefix = other;
    });
    flips.add("limit_name_case", not(case_sensitive), |can, other| {
        can.limits.name.case_sensitive = other;
    });
}

fn flip_entry_key(flips: &mut Flips<'_>, rule: Option<(usize, Alphabet)>) {
    let set = |can: &mut Capabilities, other| can.limits.entry_key = other;
    let Some((most, alphabet)) = rule else {
        flips.add("limit_entry_key_chars", [Some((SOME, Alphabet::Any))], set);
        let narrow = Some((NO_LIMIT, Alphabet::AlphanumericAnd("-")));
        return flips.add("limit_entry_key_alphabet", [narrow], set);
    };
    let lengths = near(most).map(|most| Some((most, alphabet)));
    flips.add(
        "limit_entry_key_chars",
        lengths.into_iter().chain([None]),
        set,
    );
    let others = alphabets(alphabet).into_iter();
    let others = others.map(|alphabet| Some((most, alphabet)));
    flips.add("limit_entry_key_alphabet", others.chain([None]), set);
}

fn flip_labels(flips: &mut Flips<'_>, rule: Option<LabelRule>) {
    let any = rule.unwrap_or(LabelRule {
        max_count: NO_LIMIT,
        max_key_chars: NO_LIMIT,
        max_value_chars: NO_LIMIT,
        keys: Alphabet::Any,
        values: Alphabet::Any,
    });
    let LabelRule {
        max_count,
        max_key_chars,
        max_value_chars,
        keys,
        values,
    } = any;
    // Where there is no rule, one that limits this alone is claimed; where there is one, also none.
    let lengths = |most: usize| match rule {
        Some(_) => near(most).map(Some).into_iter().chain([None]).collect(),
        None => vec![Some(SOME)],
    };
    let others = |alphabet: Alphabet| match rule {
        Some(_) => alphabets(alphabet)
            .into_iter()
            .map(Some)
            .chain([None])
            .collect(),
        None => vec![Some(Alphabet::AlphanumericAnd("-"))],
    };
    macro_rules! flip {
        ($check:literal, $others:expr, $field:ident) => {
            flips.add($check, $others($field), |can, other| {
                can.limits.labels = other.map(|$field| LabelRule { $field, ..any });
            });
        };
    }
    flip!("limit_labels_count", lengths, max_count);
    flip!("limit_labels_key_chars", lengths, max_key_chars);
    flip!("limit_labels_value_chars", lengths, max_value_chars);
    flip!("limit_labels_key_alphabet", others, keys);
    flip!("limit_labels_value_alphabet", others, values);
}

/// A limit where there is none.
const SOME: usize = 100;

/// What stands beside it for what is not limited.
const NO_LIMIT: usize = 10_000;

struct Flips<'a> {
    of: &'a Capabilities,
    all: Vec<Flip>,
}

impl Flips<'_> {
    fn add<T: Debug + Clone>(
        &mut self,
        check: &'static str,
        others: impl IntoIterator<Item = T>,
        set: impl Fn(&mut Capabilities, T),
    ) {
        for other in others {
            let mut capabilities = self.of.clone();
            set(&mut capabilities, other.clone());
            self.all.push(Flip {
                check,
                what: format!("{other:?}"),
                capabilities,
            });
        }
    }
}

fn not(flag: bool) -> [bool; 1] {
    [!flag]
}

fn near(most: usize) -> [usize; 2] {
    [most.saturating_sub(1), most.saturating_add(1)]
}

fn sizes(most: Option<usize>) -> Vec<Option<usize>> {
    match most {
        Some(most) => near(most).map(Some).into_iter().chain([None]).collect(),
        None => vec![Some(SOME)],
    }
}

fn alphabets(alphabet: Alphabet) -> Vec<Alphabet> {
    let all = [
        Alphabet::Any,
        Alphabet::AlphanumericAnd(""),
        Alphabet::AlphanumericAnd("-"),
        Alphabet::AlphanumericAnd("-_"),
        Alphabet::LowercaseAnd(""),
        Alphabet::LowercaseAnd("-"),
        Alphabet::LowercaseAnd("-_"),
    ];
    all.into_iter().filter(|other| *other != alphabet).collect()
}

/// All values of an enum but one, by the value that follows each: a new one doesn't
/// compile until it has its place.
fn cycle<T: Copy + PartialEq>(next: fn(T) -> T) -> impl Fn(T) -> Vec<T> {
    move |value| {
        let mut others = Vec::new();
        let mut other = next(value);
        while other != value {
            others.push(other);
            other = next(other);
        }
        others
    }
}

fn next_versions(versions: Versions) -> Versions {
    match versions {
        Versions::None => Versions::Listed,
        Versions::Listed => Versions::PinnedReads,
        Versions::PinnedReads => Versions::None,
    }
}

fn next_entries(entries: Entries) -> Entries {
    match entries {
        Entries::Single => Entries::Many,
        Entries::Many => Entries::Single,
    }
}

fn next_encoded(encoded: Encoded) -> Encoded {
    match encoded {
        Encoded::Never => Encoded::InContentType,
        Encoded::InContentType => Encoded::InDescription,
        Encoded::InDescription => Encoded::Never,
    }
}

fn next_scope(scope: Scope) -> Scope {
    match scope {
        Scope::None => Scope::Secret,
        Scope::Secret => Scope::Version,
        Scope::Version => Scope::None,
    }
}

fn next_make_current(how: MakeCurrent) -> MakeCurrent {
    match how {
        MakeCurrent::None => MakeCurrent::Service,
        MakeCurrent::Service => MakeCurrent::Copy,
        MakeCurrent::Copy => MakeCurrent::None,
    }
}

fn next_create(strength: CreateStrength) -> CreateStrength {
    match strength {
        CreateStrength::None => CreateStrength::Checked,
        CreateStrength::Checked => CreateStrength::Atomic,
        CreateStrength::Atomic => CreateStrength::None,
    }
}

fn next_lost_put(lost: LostPut) -> LostPut {
    match lost {
        LostPut::Idempotent => LostPut::Confirmed,
        LostPut::Confirmed => LostPut::Unknown,
        LostPut::Unknown => LostPut::Idempotent,
    }
}

fn next_generate(who: Generate) -> Generate {
    match who {
        Generate::Service => Generate::Client,
        Generate::Client => Generate::Service,
    }
}

fn next_unit(unit: SizeUnit) -> SizeUnit {
    match unit {
        SizeUnit::Bytes => SizeUnit::Utf16,
        SizeUnit::Utf16 => SizeUnit::Bytes,
    }
}
