import Holdfast
import Testing

// Conversations: appended, streamed, never rewritten.

extension StoreConformance {
    static let processTurns: [ConformanceCase] = [
        ConformanceCase("turns come back in their order, with every member they were given") { bench in
            let id = try await bench.addProcess()
            let turns = [
                ConversationTurn(role: "user", content: "Hi"),
                ConversationTurn(
                    role: "assistant", content: "", more: ["toolCalls": [["id": 1]], "timestamp": "then"]),
                ConversationTurn(members: ["odd": .null]),
            ]
            for turn in turns { try await bench.processes.appendTurn(id, turn) }
            let stamp = JSONValue.string(bench.now.description)
            let kept = try await bench.reopened().processes.get(id).conversationTurns
            #expect(kept.map { $0.members["timestamp"] } == [stamp, "then", stamp])
            #expect(kept[1] == turns[1] && kept[0].role == "user" && kept[2].members.keys.contains("odd"))
        },
        ConformanceCase(
            "B, Known losses: read-modify-write of conversation turns lost turns; here those of two at once are all kept"
        ) {
            bench in
            let id = try await bench.addProcess()
            let other = try await bench.beside()
            let outcomes = try await outcomesAtOnce(count: 100) { index in
                let mine = index % 2 == 0 ? bench : other
                try await mine.processes.appendTurn(id, ConversationTurn(role: "user", content: "\(index)"))
            }
            #expect(outcomes == Array(repeating: nil, count: 100))
            let turns = try await bench.processes.turns(id)
            #expect(Set(turns.compactMap(\.turn.content)) == Set((0..<100).map(String.init)))
            #expect(turns.count == 100)
            try await bench.verifies()
        },
        ConformanceCase("a turn is taken whatever the status is, and whoever holds the process") { bench in
            for status in ProcessStatus.allCases {
                let id = ProcessID(unchecked: "p-\(status)")
                try await bench.processes.add(.sample(id.rawValue, status: status, start: bench.now))
                try await bench.processes.appendTurn(id, ConversationTurn(role: "user", content: "a"))
                _ = try await bench.views(of: "far").processes.claim(id)
                try await bench.processes.appendTurn(id, ConversationTurn(role: "user", content: "b"))
                #expect(try await bench.processes.turns(id).map(\.turn.content) == ["a", "b"])
                #expect(try await bench.processes.summary(id).status == status)
            }
            try await bench.verifies()
        },
        ConformanceCase("a turn costs one event, however long the conversation is") { bench in
            let id = try await bench.addProcess()
            for index in 0..<50 {
                try await bench.processes.appendTurn(id, ConversationTurn(role: "user", content: "\(index)"))
                #expect(try await bench.lastSequence(of: .process(id)) == Int64(index) + 2)
            }
        },
        ConformanceCase("a turn that streams is seen as it grows; its closing event holds the whole turn") { bench in
            let id = try await bench.addProcess()
            let stream = bench.processes.streamTurn(
                id, role: "assistant", batching: TurnStream.Batching(interval: .seconds(3600), size: 10))
            try await stream.write("0123")
            try await stream.write("456789")
            var turn = try #require(try await bench.processes.turns(id).last)
            #expect(turn.turn.content == "0123456789" && turn.isStreaming && turn.turn.role == "assistant")
            try await bench.processes.appendTurn(id, ConversationTurn(role: "user", content: "between"))
            try await stream.write("é and what has not been written yet, which is more than a piece")
            try await stream.write("!")
            try await stream.finish(more: ["toolCalls": []])
            let turns = try await bench.processes.turns(id)
            #expect(turns.count == 2 && turns[1].turn.content == "between")
            turn = turns[0]
            let whole = "0123456789é and what has not been written yet, which is more than a piece!"
            #expect(turn.turn.content == whole && !turn.isStreaming && turn.turn.members["toolCalls"] == [])
            guard case .turnAppended(let closing)? = try await bench.events(.process(id)).last?.payload else {
                throw StoreError(.corrupt, subject: "the last event", detail: "closes no turn")
            }
            #expect(closing.turn.content == whole)
            await expectError(.invalid) { try await stream.write("late") }
            await expectError(.invalid) { try await stream.finish() }
            try await bench.verifies()
        },
        ConformanceCase("pieces wait for 16 KiB or 250 ms, and are written by themselves") { bench in
            #expect(TurnStream.Batching() == TurnStream.Batching(interval: .milliseconds(250), size: 16 * 1024))
            let id = try await bench.addProcess()
            let slow = bench.processes.streamTurn(
                id, role: "assistant", batching: TurnStream.Batching(interval: .seconds(3600)))
            for _ in 0..<1000 { try await slow.write("sixteen bytes...") }
            #expect(try await bench.lastSequence(of: .process(id)) == 1)
            for _ in 0..<24 { try await slow.write("sixteen bytes...") }
            #expect(try await bench.lastSequence(of: .process(id)) == 2)
            let quick = bench.processes.streamTurn(
                id, role: "assistant", batching: TurnStream.Batching(interval: .milliseconds(1)))
            try await quick.write("short")
            while try await bench.processes.turns(id).last?.turn.content != "short" {
                try await Task.sleep(for: .milliseconds(5))
            }
            try await quick.finish()
            try await slow.finish()
            #expect(try await bench.lastSequence(of: .process(id)) == 5)
        },
        ConformanceCase("turns that stream at once, from two handles, keep apart") { bench in
            let id = try await bench.addProcess()
            let other = try await bench.beside()
            let outcomes = try await outcomesAtOnce(count: 8) { index in
                let mine = index % 2 == 0 ? bench : other
                let stream = mine.processes.streamTurn(
                    id, role: "r\(index)", batching: TurnStream.Batching(interval: .seconds(3600), size: 8))
                for _ in 0..<10 { try await stream.write("\(index)\(index)\(index)") }
                if index != 0 { try await stream.finish() }
            }
            #expect(outcomes.allSatisfy { $0 == nil })
            let turns = try await bench.processes.turns(id)
            #expect(turns.count == 8 && turns.filter(\.isStreaming).map(\.turn.role) == ["r0"])
            for turn in turns where !turn.isStreaming {
                let digit = turn.turn.role?.dropFirst() ?? ""
                #expect(turn.turn.content == String(repeating: String(digit), count: 30))
            }
            try await bench.verifies()
        },
        ConformanceCase("a turn larger than an event may be is kept whole") { bench in
            let id = try await bench.addProcess()
            let text = String(repeating: "long \u{1F600} ", count: 20_000)
            try await bench.processes.appendTurn(id, ConversationTurn(role: "user", content: text))
            let stream = bench.processes.streamTurn(id, role: "assistant")
            try await stream.write(text)
            #expect(try await bench.processes.turns(id).last?.turn.content == text)
            try await stream.finish()
            #expect(try await bench.processes.turns(id).map(\.turn.content) == [text, text])
            try await bench.verifies()
        },
        ConformanceCase("a last known sequence that was never committed is searched for nothing and refuses nothing") {
            bench in
            let id = try await bench.create("a")
            let fresh = Changeset.appending(
                .signal("s"), to: id, lastKnown: Changeset.Append.neverCommitted, at: bench.now)
            #expect(try await bench.store.commit(fresh).sequences == [2...2])
            var again = fresh
            again.appends[0].lastKnown = 0
            #expect(try await bench.store.commit(again).sequences == [2...2])
            #expect(try await bench.lastSequence(of: id) == 2)
        },
    ]
}

extension Workbench {
    fileprivate func addProcess() async throws -> ProcessID {
        try await processes.add(.sample("p", status: .running, start: now)).id
    }
}
