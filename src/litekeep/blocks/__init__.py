"""Image to stored bytes and back: cut into blocks, name, compress, seal. Bytes in, bytes out; no I/O."""
