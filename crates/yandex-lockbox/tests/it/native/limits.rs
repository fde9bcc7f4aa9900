//! Each limit of the schema is refused before any request, with the path of the field.

