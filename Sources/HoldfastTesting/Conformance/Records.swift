import Holdfast
import Testing

// Documents: conditional puts, prefixes, order keys, expiry.

extension StoreConformance {
    static let records: [ConformanceCase] = [
        ConformanceCase("a record comes back as it was put, with versions 1, 2, 3") { bench in
            let body: JSONValue = ["text": "é\u{1F600}\n", "list": [1, -2.5, .null, true], "deep": ["a": [:]]]
            var record = Record(kind: "doc", key: "a key/with: odd 'signs'", version: 9, orderKey: "2026", body: body)
            for version: Int64 in 1...3 {
                let receipt = try await bench.store.commit(
                    Changeset(records: [.put(record, expectedVersion: version - 1)]))
                #expect(receipt.versions == [version])
                record.version = version
                #expect(try await bench.record(record.key) == record)
            }
        },
        ConformanceCase("a put under another version than expected is refused as conflict") { bench in
            try await bench.put("k", 1, expecting: 0)
            try await bench.refuses(.conflict) { try await bench.put("k", 2, expecting: 0) }
            try await bench.refuses(.conflict) { try await bench.put("k", 2, expecting: 2) }
            try await bench.refuses(.conflict) { try await bench.put("new", 1, expecting: 1) }
            try await bench.put("k", 2, expecting: 1)
            try await bench.put("k", 3)
            #expect(try await bench.record("k")?.version == 3)
        },
        ConformanceCase("a record is deleted when its version is as expected") { bench in
            func delete(_ key: String, expecting version: Int64?) async throws -> Receipt {
                let change = RecordChange.delete(kind: "doc", key: key, expectedVersion: version)
                return try await bench.store.commit(Changeset(records: [change]))
            }
            try await bench.put("k", 1)
            try await bench.refuses(.conflict) { _ = try await delete("k", expecting: 2) }
            try await bench.refuses(.conflict) { _ = try await delete("k", expecting: 0) }
            try await bench.refuses(.conflict) { _ = try await delete("absent", expecting: 1) }
            #expect(try await delete("absent", expecting: nil).versions == [0])
            #expect(try await delete("absent", expecting: 0).versions == [0])
            #expect(try await delete("k", expecting: 1).versions == [0])
            #expect(try await bench.record("k") == nil)
            try await bench.put("k", 1, expecting: 0)
        },
        ConformanceCase("a commit brings along the records it reads, as they were before it") { bench in
            let name = RecordName(kind: "doc", key: "k")
            let absent = RecordName(kind: "doc", key: "absent")
            try await bench.put("k", 1)
            try await bench.put("k", 2)
            let known = try await bench.record("k")
            var changeset = Changeset.creating(.run(named: "a"), .sample(at: bench.now), at: bench.now)
            changeset.records = [.put(Record(kind: "doc", key: "k", body: 3), expectedVersion: 2)]
            changeset.reads = [absent, name]
            #expect(try await bench.store.commit(changeset).records == [.success(nil), .success(known)])
            // What it finds when it is repeated is what is there by then.
            let repeated = try await bench.store.commit(changeset)
            #expect(repeated.records == [.success(nil), .success(try await bench.record("k"))])
            #expect(repeated.versions == [3])
            #expect(repeated.sequences == [1...1])
        },
        ConformanceCase("a commit brings along no record that has expired") { bench in
            let record = Record(kind: "doc", key: "k", expiresAt: bench.now + .seconds(10), body: 1)
            _ = try await bench.store.commit(Changeset(records: [.put(record, expectedVersion: 0)]))
            let id = try await bench.create("a")
            func read() async throws -> [Record?] {
                var request = Changeset.appending(.signal("s"), to: id, lastKnown: 1, at: bench.now)
                request.reads = [record.name]
                return try await bench.store.commit(request).records.map { try $0.get() }
            }
            #expect(try await read() == [try await bench.record("k")])
            bench.clock.advance(by: .seconds(10))
            #expect(try await read() == [nil])
        },
        ConformanceCase("a commit that reads a record of an impossible name is refused") { bench in
            let id = try await bench.create("a")
            for key in ["", "a\nb", String(repeating: "x", count: 1025)] {
                var request = Changeset.appending(.signal("s"), to: id, lastKnown: 1, at: bench.now)
                request.reads = [RecordName(kind: "doc", key: key)]
                try await bench.refuses(.invalid, request)
            }
            #expect(try await bench.lastSequence(of: id) == 1)
        },
        ConformanceCase("commits at once read what those before them have put") { bench in
            let name = RecordName(kind: "doc", key: "k")
            let receipts = try await withThrowingTaskGroup(of: Receipt.self) { group in
                for index in 0..<20 {
                    group.addTask {
                        let record = Record(kind: "doc", key: "k", body: .int(Int64(index)))
                        let put = RecordChange.put(record, expectedVersion: nil)
                        return try await bench.store.commit(Changeset(records: [put], reads: [name]))
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            for receipt in receipts {
                #expect((try receipt.records[0].get()?.version ?? 0) + 1 == receipt.versions[0])
            }
        },
        ConformanceCase("of many conditional puts at once, one wins") { bench in
            let other = try await bench.beside()
            let outcomes = try await outcomesAtOnce(count: 20) { index in
                try await (index % 2 == 0 ? bench : other).put("k", .int(Int64(index)), expecting: 0)
            }
            #expect(outcomes.filter { $0 == nil }.count == 1)
            #expect(outcomes.compactMap { $0 }.allSatisfy { $0.code == .conflict })
            #expect(try await bench.record("k")?.version == 1)
        },
        ConformanceCase("records are listed by key prefix in the order of their bytes, kinds apart") { bench in
            let keys = ["a", "a/", "a/1", "a/10", "a/2", "a0", "A", "é", "e\u{301}", "ab%_", "ab\\", "z\u{1F600}"]
            for key in keys {
                try await bench.put(key, .string(key))
                try await bench.put(key, "other", kind: "other")
            }
            for prefix in ["", "a", "a/", "a/1", "ab%", "ab_", "é", "e", "zz"] {
                let expected = keys.filter { $0.utf8.starts(with: prefix.utf8) }.sorted(by: precedes)
                for descending in [false, true] {
                    let query = RecordQuery(kind: "doc", .keyPrefix(prefix), descending: descending, limit: 3)
                    let listed = try await allRecords(bench, query)
                    #expect(
                        listed.map { Array($0.key.utf8) }
                            == (descending ? expected.reversed() : expected).map { Array($0.utf8) })
                    #expect(listed.allSatisfy { $0.body == .string($0.key) })
                }
            }
            for key in keys { #expect(try await bench.record(key)?.body == .string(key)) }
        },
        ConformanceCase("records are listed by a range of order keys, ties by key, those without left out") { bench in
            for index in 0..<20 {
                let orderKey = index % 5 == 4 ? nil : "o\(index % 5)"
                let record = Record(
                    kind: "doc", key: "k\((index * 7) % 20)", orderKey: orderKey, body: .int(Int64(index)))
                _ = try await bench.store.commit(Changeset(records: [.put(record, expectedVersion: 0)]))
            }
            let ordered = try await allRecords(bench, RecordQuery(kind: "doc", limit: 100))
                .compactMap { record in record.orderKey.map { ([$0, record.key], record) } }
                .sorted { $0.0.lexicographicallyPrecedes($1.0) }.map(\.1)
            #expect(ordered.count == 16)
            for (from, to) in [(nil, nil), ("o1", nil), (nil, "o2"), ("o1", "o3"), ("o3", "o1"), ("o0a", "o2a")] {
                let expected = ordered.filter { record in
                    let key = record.orderKey ?? ""
                    return (from.map { key >= $0 } ?? true) && (to.map { key < $0 } ?? true)
                }
                for descending in [false, true] {
                    let query = RecordQuery(
                        kind: "doc", .orderKeys(from: from, to: to), descending: descending, limit: 3)
                    #expect(try await allRecords(bench, query) == (descending ? expected.reversed() : expected))
                }
            }
        },
        ConformanceCase("a put moves a record to its new order key") { bench in
            for orderKey in ["b", nil, "c"] {
                let record = Record(kind: "doc", key: "k", orderKey: orderKey, body: 1)
                _ = try await bench.store.commit(Changeset(records: [.put(record, expectedVersion: nil)]))
                let listed = try await allRecords(bench, RecordQuery(kind: "doc", .orderKeys(from: nil, to: nil)))
                #expect(listed.map(\.orderKey) == (orderKey == nil ? [] : [orderKey]))
            }
        },
        ConformanceCase("an expired record counts as not there") { bench in
            let end = bench.now + .seconds(10)
            let record = Record(kind: "doc", key: "k", orderKey: "o", expiresAt: end, body: 1)
            _ = try await bench.store.commit(Changeset(records: [.put(record, expectedVersion: 0)]))
            bench.clock.advance(by: .milliseconds(9999))
            #expect(try await bench.record("k")?.expiresAt == end)
            bench.clock.advance(by: .milliseconds(1))
            for selection in [RecordQuery.Selection.key("k"), .keyPrefix(""), .orderKeys(from: nil, to: nil)] {
                #expect(try await allRecords(bench, RecordQuery(kind: "doc", selection)) == [])
            }
            try await bench.refuses(.conflict) { try await bench.put("k", 2, expecting: 1) }
            try await bench.put("k", 2, expecting: 0)
            #expect(try await bench.record("k") == Record(kind: "doc", key: "k", version: 1, body: 2))
        },
        ConformanceCase("pages of records neither miss nor repeat while records are put") { bench in
            for index in 10..<40 { try await bench.put("k\(index)", 1) }
            var query = RecordQuery(kind: "doc", .keyPrefix("k"), limit: 4)
            var listed: [String] = []
            repeat {
                let page = try await bench.store.records(query)
                listed += page.elements.map(\.key)
                query.cursor = page.nextCursor
                try await bench.put("k\(listed.count)-new", 1)
            } while query.cursor != nil
            #expect(listed.filter { !$0.hasSuffix("-new") } == (10..<40).map { "k\($0)" })
            #expect(Set(listed).count == listed.count)
        },
        ConformanceCase("forged and foreign cursors of records are refused as invalidCursor") { bench in
            for index in 0..<9 { try await bench.put("k\(index)", 1) }
            var query = RecordQuery(kind: "doc", limit: 2)
            let cursor = try #require(try await bench.store.records(query).nextCursor)
            for other in [
                RecordQuery(kind: "other", cursor: cursor), RecordQuery(kind: "doc", .keyPrefix("k"), cursor: cursor),
                RecordQuery(kind: "doc", descending: true, cursor: cursor),
                RecordQuery(kind: "doc", .orderKeys(from: nil, to: nil), cursor: cursor),
            ] {
                await expectError(.invalidCursor) { _ = try await bench.store.records(other) }
            }
            for forged in forgedCursors(from: cursor.text, fingerprint: query.fingerprint) {
                query.cursor = forged
                await expectError(.invalidCursor) { _ = try await bench.store.records(query) }
            }
        },
    ]

    private static func precedes(_ left: String, _ right: String) -> Bool {
        left.utf8.lexicographicallyPrecedes(right.utf8)
    }

    private static func allRecords(_ bench: Workbench, _ query: RecordQuery) async throws -> [Record] {
        var query = query
        var all: [Record] = []
        repeat {
            let page = try await bench.store.records(query)
            #expect(page.elements.count <= query.limit)
            all += page.elements
            query.cursor = page.nextCursor
        } while query.cursor != nil
        return all
    }
}
