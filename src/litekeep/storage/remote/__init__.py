"""Storages at the other end of a network: S3, Azure and Google by objects, SFTP by sftp, WebDAV by webdav.

`opening.open_storage` makes one from a URL. Each server speaks the small `wire.Wire`; `storage.RemoteStorage` makes of
any of them the Storage that everything above relies on, and is the only place where that is argued.
"""
