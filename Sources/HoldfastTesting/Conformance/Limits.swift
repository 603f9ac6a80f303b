import Holdfast
import Testing

// Stated limits hold to the byte, and nothing short of them is refused.

extension StoreConformance {
    static let limits: [ConformanceCase] = [
        ConformanceCase("a payload may have 64 KiB; a larger one is refused as tooLarge") { bench in
            let lease = try await bench.createStarted("a")
            let overhead = EventCodec.encode(.step("s", "")).count
            func step(_ size: Int) -> EventPayload {
                .step("s", .string(String(repeating: "x", count: size - overhead)))
            }
            try await bench.refuses(.tooLarge, bench.owned(by: lease, step(EventCodec.inlineLimit + 1)))
            _ = try await bench.store.commit(bench.owned(by: lease, step(EventCodec.inlineLimit)))
            #expect(try await bench.events(lease.history).last?.payload == step(EventCodec.inlineLimit))
        },
        ConformanceCase("what stands for a payload in a blob may name blobs by the thousand") { bench in
            let lease = try await bench.createStarted("a")
            var blobs: [Digest] = []
            for index in 0..<2000 {
                blobs.append(try await bench.store.writeBlob(ByteStream(Array("blob \(index)".utf8))).digest)
            }
            let task = TaskID(unchecked: "s")
            let artifacts = blobs.enumerated().map { index, digest in
                ArtifactReference(
                    key: ArtifactKey(unchecked: "s/\(index)"), task: task, mediaType: "text/plain", digest: digest,
                    size: 9)
            }
            let payload = EventPayload.taskFinished(
                TaskFinished(instance: InstanceID(task), tryNumber: 1, state: .success, artifacts: artifacts))
            _ = try await bench.store.commitSpilling(bench.owned(by: lease, payload))
            #expect(try await bench.store.events(of: lease.history).last?.payload == payload)
        },
        ConformanceCase("a changeset may be larger than a batch of the group commit") { bench in
            let lease = try await bench.createStarted("a")
            let wide = (0..<80).map { EventPayload.step("s\($0)", .string(String(repeating: "x", count: 60_000))) }
            let many = (0..<2500).map { EventPayload.signal("n\($0)") }
            for payloads in [wide, many] {
                let events = payloads.map { NewEvent(at: bench.now, $0) }
                let known = try await bench.lastSequence(of: lease.history)
                let receipt = try await bench.store.commit(
                    Changeset(appends: [Changeset.Append(lease.history, token: lease.token, events: events)]))
                #expect(receipt.sequences == [(known + 1)...(known + Int64(payloads.count))])
            }
            #expect(try await bench.events(lease.history).suffix(2500).map(\.payload) == many)
        },
        ConformanceCase("processes are listed by their creation only") { bench in
            for order in SummaryQuery.Order.allCases where order != .created {
                try await bench.refuses(.invalid) {
                    _ = try await bench.store.summaries(SummaryQuery(kind: .process, order: order))
                }
            }
        },
        ConformanceCase("a record's body may have 1 MiB; a larger one is refused as tooLarge") { bench in
            func body(_ size: Int) -> JSONValue { .string(String(repeating: "x", count: size - 2)) }
            try await bench.refuses(.tooLarge) { try await bench.put("k", body(Record.maximumBodySize + 1)) }
            try await bench.put("k", body(Record.maximumBodySize))
            #expect(try await bench.record("k")?.body == body(Record.maximumBodySize))
        },
        ConformanceCase("record kinds and keys have 1 to 1,024 bytes and no control characters") { bench in
            for key in ["", String(repeating: "k", count: 1025), "a\nb", "\u{0}", String(repeating: "é", count: 513)] {
                try await bench.refuses(.invalid) { try await bench.put(key, 1) }
                try await bench.refuses(.invalid) { try await bench.put("k", 1, kind: key) }
                let ordered = Record(kind: "doc", key: "k", orderKey: key, body: 1)
                try await bench.refuses(.invalid, Changeset(records: [.put(ordered, expectedVersion: nil)]))
            }
            let longest = String(repeating: "é", count: 512)
            try await bench.put(longest, 1)
            #expect(try await bench.record(longest)?.key == longest)
        },
        ConformanceCase(
            "labels have keys of 1 to 256 bytes and values of up to 1,024; what is longer is refused by name"
        ) {
            bench in
            func text(_ size: Int) -> String { String(repeating: "é", count: size / 2) }
            for (key, value) in [("", "v"), (text(258), "v"), ("team", text(1026))] {
                let error = try await bench.refuses(.invalid) { try await bench.create("a", labels: [key: value]) }
                #expect(error?.description.contains(key == "team" ? "\"team\"" : "256 bytes") == true)
            }
            let longest = [text(256): text(1024)]
            let id = try await bench.create("a", labels: longest)
            #expect(try await bench.summary(id).labels == longest)
        },
        ConformanceCase("ids of 128 characters and odd values are kept as they are") { bench in
            let name = String(repeating: "A.b_c-9x", count: 16)
            let id = try await bench.create(name, dag: name, workspace: name, labels: ["'\"; --": "%_\\\u{0}"])
            let summary = try await bench.summary(id)
            #expect(summary.dag.rawValue == name)
            #expect(summary.labels == ["'\"; --": "%_\\\u{0}"])
            let query = SummaryQuery(
                idPrefix: String(name.prefix(100)), dag: summary.dag, workspace: summary.workspace,
                labels: summary.labels)
            #expect(try await bench.allSummaries(query) == [summary])
        },
    ]
}
