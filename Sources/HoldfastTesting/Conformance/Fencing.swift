import Holdfast
import Testing

// Own acts need the highest token ever issued for the history; requests need none.

extension StoreConformance {
    static let fencing: [ConformanceCase] = [
        ConformanceCase("own acts under an older token are refused as leaseLost") { bench in
            let old = try await bench.createStarted("a")
            bench.clock.advance(by: .seconds(60))
            let new = try await bench.claim(old.history, by: "worker-2")
            #expect(new.token > old.token)
            try await bench.refuses(.leaseLost, bench.owned(by: old, .step("s")))
            try await bench.refuses(
                .leaseLost,
                .appending(.signal("mine"), .step("s"), to: old.history, token: old.token, at: bench.now))
            let columns = try await bench.summary(old.history).folded
            for token in [old.token, nil] {
                let update = SummaryUpdate(old.history, folded: columns, token: token)
                try await bench.refuses(.leaseLost, Changeset(summaries: [.update(update)]))
            }
            try await bench.refuses(.leaseLost) { try await bench.delete(old) }
            _ = try await bench.store.commit(bench.owned(by: new, .step("s"), columns: columns))
        },
        ConformanceCase("the highest token is good whether its lease is alive or not") { bench in
            let lease = try await bench.createStarted("a")
            bench.clock.advance(by: .seconds(60))
            _ = try await bench.store.commit(bench.owned(by: lease, .step("after-the-lease-ended")))
            try await bench.release(lease)
            _ = try await bench.store.commit(bench.owned(by: lease, .step("after-it-was-given-back")))
            #expect(try await bench.lastSequence(of: lease.history) == 5)
        },
        ConformanceCase("a token of another history, or none ever issued, is refused as leaseLost") { bench in
            let lease = try await bench.createStarted("a")
            let other = try await bench.create("b")
            for value in [lease.token.rawValue, lease.token.rawValue + 1, 0, -1, .max] {
                let token = LeaseToken(rawValue: value)
                try await bench.refuses(.leaseLost, .appending(.step("s"), to: other, token: token, at: bench.now))
            }
            let future = LeaseToken(rawValue: lease.token.rawValue + 1)
            try await bench.refuses(.leaseLost, .appending(.step("s"), to: lease.history, token: future, at: bench.now))
        },
        ConformanceCase("a creation cannot bring own events along") { bench in
            let now = bench.now
            var changeset = Changeset.creating(.run(named: "a"), .sample(at: now), at: now)
            changeset.appends[0].token = LeaseToken(rawValue: 1)
            changeset.appends[0].events.append(NewEvent(at: now, .started))
            try await bench.refuses(.leaseLost, changeset)
        },
        ConformanceCase("a lost lease is said before a conflict") { bench in
            let lease = try await bench.createStarted("a")
            bench.clock.advance(by: .seconds(60))
            _ = try await bench.claim(lease.history, by: "worker-2")
            try await bench.refuses(
                .leaseLost,
                .appending(
                    .step("s"), to: lease.history, token: lease.token, lastKnown: 1, requiresLastKnown: true,
                    at: bench.now))
        },
        ConformanceCase("tokens rise over the whole store and are never reused") { bench in
            var tokens: [LeaseToken] = []
            for id in ["a", "b", "a", "b"] {
                if tokens.count < 2 { try await bench.create(id) }
                let lease = try await bench.claim(.run(named: id))
                tokens.append(lease.token)
                try await bench.release(lease)
            }
            let last = try await bench.claim(.run(named: "b"))
            try await bench.delete(last)
            let reopened = try await bench.reopened()
            try await reopened.create("b")
            try await reopened.refuses(.leaseLost, reopened.owned(by: last, .step("s")))
            tokens += [last.token, try await reopened.claim(.run(named: "b")).token]
            #expect(zip(tokens, tokens.dropFirst()).allSatisfy { $0 < $1 })
        },
    ]

    static let requests: [ConformanceCase] = [
        ConformanceCase("own events carry their token; creations and requests carry none") { bench in
            let lease = try await bench.createStarted("a")
            _ = try await bench.store.commit(
                .appending(
                    .signal("s"), .step("t"), .pinned(true), to: lease.history, token: lease.token, at: bench.now))
            let tokens = try await bench.events(lease.history).map(\.token)
            #expect(tokens == [nil, lease.token, lease.token, nil, lease.token, nil])
        },
        ConformanceCase("requests are accepted from anyone in every state and get the next sequence") { bench in
            let decided = TaskDecided(instance: InstanceID(TaskID(unchecked: "t")), state: .skipped)
            for state in RunState.allCases where state != .interrupted {
                let id = try await bench.create("r-\(state.rawValue)")
                if state != .queued {
                    let lease = try await bench.start(id, state: state.isTerminal ? .running : state)
                    if state.isTerminal { try await bench.finish(lease, as: state) }
                }
                let known = try await bench.lastSequence(of: id)
                for (index, payload) in [
                    .cancelRequested(reason: nil), .markRequested(decided), .signal("s"), .pinned(true),
                    EventPayload.metadataChanged(["k": 1]),
                ].enumerated() {
                    let receipt = try await bench.store.commit(.appending(payload, to: id, at: bench.now))
                    let sequence = known + Int64(index) + 1
                    #expect(receipt.sequences == [sequence...sequence])
                }
                #expect(try await bench.summary(id).folded.state == state)
            }
        },
        ConformanceCase("an owner's receipt shows the requests that came between") { bench in
            let lease = try await bench.createStarted("a")
            let known = try await bench.lastSequence(of: lease.history)
            try await bench.request(.cancelRequested(reason: nil), of: lease.history)
            let receipt = try await bench.store.commit(
                .appending(.step("s"), to: lease.history, token: lease.token, lastKnown: known, at: bench.now))
            #expect(receipt.sequences == [(known + 2)...(known + 2)])
        },
    ]
}
