public struct MaintenanceRequest: Sendable, Hashable {
    /// Look for damage in what the backend itself keeps; see `Store.verify` for what is checked over any store.
    public var check: Bool
    /// Give unused space back.
    public var compact: Bool
    /// Remove blobs that nothing uses and that are older than this; nil: none.
    public var collectBlobsOlderThan: Duration?

    public init(check: Bool = false, compact: Bool = false, collectBlobsOlderThan: Duration? = nil) {
        self.check = check
        self.compact = compact
        self.collectBlobsOlderThan = collectBlobsOlderThan
    }

    /// Blobs younger than this are spared by the command's collection.
    public static let usualBlobAge = Duration.seconds(24 * 3600)
}

public struct MaintenanceReport: Sendable, Hashable {
    /// Something that is not as it should be.
    public struct Finding: Sendable, Hashable {
        public var subject: String
        public var problem: String

        public init(subject: String, problem: String) {
            self.subject = subject
            self.problem = problem
        }
    }

    public var findings: [Finding]
    /// What was looked at, by noun: `histories`, `events`, `blobs`, ….
    public var checked: [String: Int]
    public var blobsCollected: Int
    public var bytesFreed: Int64

    public init(
        findings: [Finding] = [], checked: [String: Int] = [:], blobsCollected: Int = 0, bytesFreed: Int64 = 0
    ) {
        self.findings = findings
        self.checked = checked
        self.blobsCollected = blobsCollected
        self.bytesFreed = bytesFreed
    }
}
