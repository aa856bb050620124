"""Where objects rest: one small protocol (base), the places that speak it, and wrappers that are one themselves."""
