import Holdfast
import Testing

// Following the whole store: nothing missed, nothing repeated, and waiting that ends.

extension StoreConformance {
    static let feed: [ConformanceCase] = [
        ConformanceCase("the feed gives every event in the order of commits, a page at a time") { bench in
            let ids = try await bench.createMany(3)
            for index in 0..<20 { try await bench.request(.signal("s\(index)"), of: ids[index % 3]) }
            let whole = try await bench.feed()
            let sequences: [Int64] = [1, 1, 1] + (0..<20).map { Int64($0 / 3 + 2) }
            #expect(whole.entries.compactMap(\.event?.sequence) == sequences)
            #expect(whole.next == whole.entries.last?.position)
            var followed: [FeedEntry] = []
            var query = FeedQuery(.beginning, limit: 4)
            while followed.count < whole.entries.count {
                let page = try await bench.store.feed(query)
                #expect(page.entries.count <= 4)
                guard page.next == page.entries.last?.position else { break }
                followed += page.entries
                query.start = .after(page.next)
            }
            #expect(followed == whole.entries)
            #expect(try await bench.store.feed(query) == FeedPage([], next: whole.next))
        },
        ConformanceCase("the feed can begin now: with what is committed after the call") { bench in
            let empty = try await bench.store.feed(FeedQuery(.now))
            #expect(empty.entries == [])
            let id = try await bench.create("a")
            let now = try await bench.store.feed(FeedQuery(.now))
            #expect(now.entries == [])
            #expect(now.next > empty.next)
            try await bench.request(.signal("s"), of: id)
            #expect(try await bench.feed(after: now.next).entries.map(\.event?.payload) == [.signal("s")])
            #expect(try await bench.feed(after: empty.next).entries.count == 2)
        },
        ConformanceCase("the feed can be limited to requests, and still moves on") { bench in
            let lease = try await bench.createStarted("a")
            try await bench.request(.pinned(true), of: lease.history)
            _ = try await bench.store.commit(bench.owned(by: lease, .step("s")))
            try await bench.request(.cancelRequested(reason: nil), of: lease.history)
            _ = try await bench.store.commit(bench.owned(by: lease, .step("t")))
            let whole = try await bench.feed()
            let first = try await bench.store.feed(FeedQuery(.beginning, requestsOnly: true, limit: 1))
            #expect(first.entries.map(\.event?.payload) == [.pinned(true)])
            let second = try await bench.store.feed(FeedQuery(.after(first.next), requestsOnly: true))
            #expect(second.entries.map(\.event?.payload) == [.cancelRequested(reason: nil)])
            #expect(second.next == whole.next)
        },
        ConformanceCase("following the feed neither misses nor repeats while others commit") { bench in
            let ids = try await bench.createMany(4)
            let other = try await bench.beside()
            let writing = Task {
                try await outcomesAtOnce(count: 120) { index in
                    let store = (index % 2 == 0 ? bench : other).store
                    var changeset = Changeset.appending(.signal("s\(index)"), to: ids[index % 4], at: bench.now)
                    if index % 3 == 0 {
                        let second = Changeset.appending(.signal("s\(index)"), to: ids[(index + 1) % 4], at: bench.now)
                        changeset.appends += second.appends
                    }
                    _ = try await store.commit(changeset)
                }
            }
            let reader = try await bench.beside()
            var followed: [FeedEntry] = []
            var query = FeedQuery(.beginning, limit: 5, wait: .seconds(20))
            while followed.count < 164 {
                let page = try await reader.store.feed(query)
                guard !page.entries.isEmpty else { break }
                followed += page.entries
                query.start = .after(page.next)
            }
            #expect(try await writing.value.allSatisfy { $0 == nil })
            #expect(followed == (try await bench.feed().entries))
            #expect(followed.count == 164)
        },
        ConformanceCase("waiting ends with the next event, also of another handle") { bench in
            let id = try await bench.create("a")
            let position = try await bench.feed().next
            for writer in [bench, try await bench.beside()] {
                let start = try await bench.feed().next
                let waiting = Task {
                    try await bench.store.feed(FeedQuery(.after(start), wait: .seconds(60)))
                }
                await Task.yield()
                try await writer.request(.signal("s"), of: id)
                #expect(try await promptly { try await waiting.value }.entries.map(\.event?.payload) == [.signal("s")])
            }
            let second = try await bench.store.feed(FeedQuery(.after(position), wait: .seconds(60)))
            #expect(second.entries.count == 2)
        },
        ConformanceCase("waiting for requests is not ended by other events") { bench in
            let lease = try await bench.createStarted("a")
            let start = try await bench.feed().next
            let waiting = Task {
                try await bench.store.feed(FeedQuery(.after(start), requestsOnly: true, wait: .seconds(60)))
            }
            await Task.yield()
            for index in 0..<5 { _ = try await bench.store.commit(bench.owned(by: lease, .step("s\(index)"))) }
            try await bench.request(.pinned(true), of: lease.history)
            #expect(try await promptly { try await waiting.value }.entries.map(\.event?.payload) == [.pinned(true)])
        },
        ConformanceCase("waiting ends empty when its time is up") { bench in
            try await bench.create("a")
            let position = try await bench.feed().next
            let page = try await bench.store.feed(FeedQuery(.after(position), wait: .milliseconds(20)))
            #expect(page == FeedPage([], next: position))
        },
        ConformanceCase("waiting ends when its caller is cancelled") { bench in
            let start = try await bench.feed().next
            let waiting = Task { try await bench.store.feed(FeedQuery(.after(start), wait: .seconds(60))) }
            await Task.yield()
            waiting.cancel()
            let error = await promptly { await expectError(.unavailable) { _ = try await waiting.value } }
            #expect(error?.cause is CancellationError)
        },
        ConformanceCase("a cancelled caller's read is refused with its cancellation as the cause") { bench in
            let reading = Task {
                while !Task.isCancelled { await Task.yield() }
                return try await bench.store.summaries(SummaryQuery())
            }
            reading.cancel()
            let error = await expectError(.unavailable) { _ = try await reading.value }
            #expect(error?.cause is CancellationError)
        },
    ]
}
