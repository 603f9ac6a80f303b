/// A media type guessed from the extension of a file's name.
enum MediaType {
    static let unknown = "application/octet-stream"

    static func guess(_ name: String) -> String {
        guard let dot = name.lastIndex(of: ".") else { return unknown }
        return byExtension[name[name.index(after: dot)...].lowercased()] ?? unknown
    }

    private static let byExtension = [
        "avif": "image/avif", "bmp": "image/bmp", "css": "text/css", "csv": "text/csv", "gif": "image/gif",
        "gz": "application/gzip", "htm": "text/html", "html": "text/html", "ics": "text/calendar",
        "jpeg": "image/jpeg", "jpg": "image/jpeg", "js": "text/javascript", "json": "application/json",
        "jsonl": "application/jsonl", "log": "text/plain", "md": "text/markdown", "mp3": "audio/mpeg",
        "mp4": "video/mp4", "ndjson": "application/x-ndjson", "parquet": "application/vnd.apache.parquet",
        "pdf": "application/pdf", "png": "image/png", "sql": "application/sql", "sqlite": "application/vnd.sqlite3",
        "svg": "image/svg+xml", "tar": "application/x-tar", "tgz": "application/gzip", "toml": "application/toml",
        "tsv": "text/tab-separated-values", "txt": "text/plain", "wav": "audio/wav", "webp": "image/webp",
        "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xml": "application/xml",
        "yaml": "application/yaml", "yml": "application/yaml", "zip": "application/zip", "zst": "application/zstd",
    ]
}
