#!/bin/sh
# rustdoc writes JSON only when asked as a nightly one. It alone is: cargo and rustc see a
# variable more or less as another build, and would compile every dependency anew.
RUSTC_BOOTSTRAP=1 exec "${POLYVAULT_RUSTDOC:-rustdoc}" "$@"
