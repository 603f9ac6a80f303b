import Holdfast

extension Contents {
    mutating func maintain(_ request: MaintenanceRequest, at now: Timestamp) -> MaintenanceReport {
        var report = MaintenanceReport()
        if request.check { check(into: &report) }
        if request.compact { removeExpiredRecords(at: now) }
        if let age = request.collectBlobsOlderThan { collectBlobs(olderThan: age, at: now, into: &report) }
        return report
    }

    private mutating func collectBlobs(olderThan age: Duration, at now: Timestamp, into report: inout MaintenanceReport)
    {
        let used = histories.values.reduce(into: Set<Digest>()) { $0.formUnion($1.blobs) }
        for (digest, blob) in blobs where !used.contains(digest) && now - blob.writtenAt >= age {
            blobs[digest] = nil
            report.blobsCollected += 1
            report.bytesFreed += Int64(blob.bytes.count)
        }
    }

    private func check(into report: inout MaintenanceReport) {
        report.checked = [
            "histories": histories.count, "blobs": blobs.count,
            "events": histories.values.reduce(0) { $0 + $1.events.count },
        ]
        for (id, history) in histories {
            if history.events.enumerated().contains(where: { $1.event.sequence != Int64($0) + 1 }) {
                report.findings.append(.init(subject: id.description, problem: "its sequences have gaps"))
            }
            for digest in history.blobs where blobs[digest] == nil {
                report.findings.append(.init(subject: id.description, problem: "its blob \(digest) is missing"))
            }
        }
        for (digest, blob) in blobs where Digest(of: blob.bytes) != digest {
            report.findings.append(.init(subject: "blob \(digest)", problem: "its bytes are not those it is named for"))
        }
        let recount = histories.values.reduce(into: [CountKey: Int]()) { $0[CountKey(of: $1.summary), default: 0] += 1 }
        if keptCounts.filter({ $0.value != 0 }) != recount {
            report.findings.append(.init(subject: "counts", problem: "they differ from a recount"))
        }
    }
}
