import Holdfast

/// What adding and updating a process and appending a turn cost, with few and with many kept, beside raw commits.
///
/// Floor and work alternate in slices, and so do few and many, so that what else the machine does touches all alike.
struct ProcessBenchmark {
    var store: StoreKind
    /// How many processes are kept in the long history.
    var kept: Int
    /// How many turns the long conversation has.
    var turns: Int
    var seconds: Double
    /// What is measured.
    var acts = ProcessWork.Act.allCases
    var folder: String

    static let peerKept = 500
    static let peerTurns = 10
    /// Of a prompt, a title, a turn.
    static let textBytes = 100

    func measure() async throws -> Figures {
        try await ScratchFolder.with(in: folder) { scratch in
            let floor = try RawCommits(scratch.path + "/floor.db", rowBytes: Self.textBytes)
            let few = try await ProcessWork(
                scratch.open(store, name: "few"), kept: Self.peerKept, turns: Self.peerTurns)
            let many = try await ProcessWork(scratch.open(store, name: "many"), kept: kept, turns: turns)
            var rounds: [Round] = []
            // The first round warms up and does not count.
            let slices = 1 + 2 * acts.count
            for round in 0...max(1, Int(seconds / (StepsBenchmark.slice / .seconds(1)) / Double(slices))) {
                let measured = try await self.round(floor, few, many)
                if round > 0 { rounds.append(measured) }
            }
            try await few.close()
            try await many.close()
            try floor.close()
            return figures(rounds)
        }
    }

    private struct Round {
        var floor: Double
        var rates: [ProcessWork.Act: (few: Double, many: Double)] = [:]
    }

    private func round(_ floor: RawCommits, _ few: ProcessWork, _ many: ProcessWork) async throws -> Round {
        var round = Round(floor: try floor.rate(for: StepsBenchmark.slice))
        for act in acts {
            round.rates[act] = (
                try await few.rate(of: act, for: StepsBenchmark.slice),
                try await many.rate(of: act, for: StepsBenchmark.slice)
            )
        }
        return round
    }

    private func figures(_ rounds: [Round]) -> Figures {
        var figures = Figures()
        figures.add("kept", Double(kept))
        figures.add("turns", Double(turns))
        figures.add("floor_commits_per_second", rounds.map(\.floor).median)
        for act in acts {
            func median(_ figure: (Double, Double, Double) -> Double) -> Double {
                rounds.compactMap { round in round.rates[act].map { figure($0.few, $0.many, round.floor) } }.median
            }
            figures.add("\(act)_few_per_second", median { few, _, _ in few })
            figures.add("\(act)_many_per_second", median { _, many, _ in many })
            // How much longer it takes with many.
            figures.add("\(act)_growth", median { few, many, _ in few / many })
            figures.add("\(act)_ratio", median { _, many, floor in many / floor })
        }
        return figures
    }
}

/// A store with so many processes, and conversations of so many turns, to work on.
final class ProcessWork {
    enum Act: String, CaseIterable { case add, update, turn }

    private let store: any Store
    private let processes: ProcessesView
    private let kept: Int
    private let talks: [ProcessID]
    private let text = String(repeating: "x", count: ProcessBenchmark.textBytes)
    private let start = Timestamp(milliseconds: 1_700_000_000_000)
    private var count = 0

    private static let batch = 1000

    init(_ store: any Store, kept: Int, turns: Int) async throws {
        self.store = store
        self.kept = kept
        processes = store.processes
        // As many talks as keep a short one short while it is measured.
        talks = try (0..<max(1, 1000 / turns)).map { try ProcessID("talk-\($0)") }
        try await fill()
        for talk in talks { try await fill(talk, turns: turns) }
    }

    func close() async throws { try await store.close() }

    private func record(_ id: String, type: String) throws -> ProcessRecord {
        var record = ProcessRecord(
            id: try ProcessID(id), type: try ProcessType(type), status: .completed, startTime: start + .seconds(count))
        record.fullPrompt = text
        return record
    }

    private func fill() async throws {
        for first in stride(from: 0, to: kept, by: Self.batch) {
            var changeset = Changeset()
            for index in first..<min(first + Self.batch, kept) {
                count += 1
                let added = try Changeset.adding(try record("kept-\(index)", type: "kept"), at: start)
                changeset.appends += added.appends
                changeset.summaries += added.summaries
            }
            _ = try await store.commit(changeset)
        }
    }

    private func fill(_ talk: ProcessID, turns: Int) async throws {
        try await processes.add(try record(talk.rawValue, type: "talk"))
        let turn = NewEvent(at: start, .turnAppended(TurnAppended(ConversationTurn(role: "user", content: text))))
        for first in stride(from: 0, to: turns, by: Self.batch) {
            let events = Array(repeating: turn, count: min(Self.batch, turns - first))
            _ = try await store.commit(Changeset(appends: [Changeset.Append(.process(talk), events: events)]))
        }
    }

    /// How often a second it can be done. What was added is taken away again, outside the time.
    func rate(of act: Act, for duration: Duration) async throws -> Double {
        let begin = ContinuousClock.now
        var done = 0
        while ContinuousClock.now - begin < duration {
            count += 1
            try await carryOut(act)
            done += 1
        }
        let rate = Double(done) / ((ContinuousClock.now - begin) / .seconds(1))
        if act == .add { try await processes.clear(ProcessQuery(type: try ProcessType("added"))) }
        return rate
    }

    private func carryOut(_ act: Act) async throws {
        switch act {
        case .add: try await processes.add(try record("added-\(count)", type: "added"))
        case .update:
            let id = try ProcessID("kept-\(count % kept)")
            try await processes.update(id, ProcessUpdate(fields: [.title: .string("\(count) \(text)")]))
        case .turn:
            try await processes.appendTurn(
                talks[count % talks.count], ConversationTurn(role: "user", content: text))
        }
    }
}
