//! Lists and maps in answers, which hold only so much: a part of three bytes becomes hundreds here.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{Error as _, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// The most items of a list, and fields of a map: more than any page and any secret of a service has.
const MOST: usize = 100_000;

/// Reads a list of at most 100 000 items for a field with `deserialize_with`; null is none.
///
/// # Errors
///
/// If it is no list, or a longer one.
///
/// # Example
///
/// ```
/// use polyvault_core::transport::json;
/// use serde::Deserialize;
///
/// #[derive(Debug, Deserialize)]
/// struct Page {
///     #[serde(default, deserialize_with = "json::items")]
///     value: Option<Vec<Option<u32>>>,
/// }
///
/// let page: Page = json::decode(br#"{"value":[1,null]}"#)?;
/// assert_eq!(page.value, Some(vec![Some(1), None]));
///
/// let endless = format!(r#"{{"value":[{}0]}}"#, "0,".repeat(100_000));
/// assert!(json::decode::<Page>(endless.as_bytes()).is_err());
/// # Ok::<(), polyvault_core::Error>(())
/// ```
pub fn items<'de, T, D>(deserializer: D) -> Result<Option<Vec<T>>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    let told: Option<Many<Vec<T>>> = Option::deserialize(deserializer)?;
    Ok(told.map(|many| many.0))
}

/// Reads a map of at most 100 000 fields for a field with `deserialize_with`; null is none. Of a name that
/// stands twice the last one holds.
///
/// # Errors
///
/// If it is no map, or a larger one.
///
/// # Example
///
/// ```
/// use std::collections::BTreeMap;
///
/// use polyvault_core::transport::json;
/// use serde::Deserialize;
///
/// #[derive(Debug, Deserialize)]
/// struct Secret {
///     #[serde(default, deserialize_with = "json::fields")]
///     tags: Option<BTreeMap<String, Option<String>>>,
/// }
///
/// let secret: Secret = json::decode(br#"{"tags":{"team":"blue"}}"#)?;
/// assert_eq!(secret.tags.map(|tags| tags.len()), Some(1));
/// # Ok::<(), polyvault_core::Error>(())
/// ```
pub fn fields<'de, T, D>(deserializer: D) -> Result<Option<BTreeMap<String, T>>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    let told: Option<Many<BTreeMap<String, T>>> = Option::deserialize(deserializer)?;
    Ok(told.map(|many| many.0))
}

struct Many<C>(C);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Many<Vec<T>> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(Reader::<Vec<T>>(PhantomData))
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Many<BTreeMap<String, T>> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Reader::<BTreeMap<String, T>>(PhantomData))
    }
}

struct Reader<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Reader<Vec<T>> {
    type Value = Many<Vec<T>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element()? {
            if items.len() == MOST {
                return Err(A::Error::custom("too many items"));
            }
            items.push(item);
        }
        Ok(Many(items))
    }
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for Reader<BTreeMap<String, T>> {
    type Value = Many<BTreeMap<String, T>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut fields = BTreeMap::new();
        while let Some((name, field)) = map.next_entry()? {
            if fields.len() == MOST {
                return Err(A::Error::custom("too many fields"));
            }
            fields.insert(name, field);
        }
        Ok(Many(fields))
    }
}
