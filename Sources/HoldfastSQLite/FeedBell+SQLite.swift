import GRDB
import HoldfastLocal

extension FeedBell {
    /// SQLite counts the commits of other connections; this one has no own.
    convenience init(path: String) {
        self.init {
            var configuration = Configuration()
            configuration.readonly = true
            configuration.label = "holdfast.sqlite.watch"
            let queue = try DatabaseQueue(path: path, configuration: configuration)
            return {
                let version = try await queue.read { try Int64.fetchOne($0, sql: "PRAGMA data_version") }
                return UInt64(bitPattern: version ?? 0)
            }
        }
    }
}
