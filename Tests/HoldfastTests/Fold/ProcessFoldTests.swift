import Holdfast
import HoldfastTesting
import Testing

@Suite("The fold of a process")
struct ProcessFoldTests {
    static let id = ProcessID(unchecked: "p")
    static let start = Timestamp(milliseconds: 1_000_000)

    /// A process under way, as a history makes it.
    struct Story {
        var fold = ProcessFold(id: ProcessFoldTests.id)
        var now = ProcessFoldTests.start
        var token: LeaseToken?

        init(_ status: ProcessStatus) throws {
            var record = ProcessRecord.full("p", start: now)
            (record.status, record.endTime) = (status, status.isTerminal ? now + .seconds(1) : nil)
            try apply(.processAdded(ProcessAdded(record: record)))
            try claim()
        }

        mutating func apply(_ payload: EventPayload) throws(StoreError) {
            now = now + .seconds(1)
            let isOwn = !payload.isRequest && !payload.isFirst
            try fold.apply(
                Event(sequence: fold.sequence + 1, time: now, token: isOwn ? token : nil, payload: payload))
        }

        mutating func claim() throws(StoreError) {
            token = LeaseToken(rawValue: (token?.rawValue ?? 0) + 1)
            try apply(.claimed(Claimed(worker: WorkerID(unchecked: "w"))))
        }
    }

    private func refuses(
        _ story: Story, _ code: StoreError.Code = .illegalTransition, _ act: (inout Story) throws -> Void
    ) {
        var tried = story
        let error = #expect(throws: StoreError.self) { try act(&tried) }
        #expect(error?.code == code && tried.fold == story.fold)
    }

    // MARK: The transition table

    @Test(
        "goes from each status to each other as the table says, and refuses the rest",
        arguments: ProcessStatus.allCases, ProcessStatus.allCases)
    func transitions(_ from: ProcessStatus, _ to: ProcessStatus) throws {
        var story = try Story(from)
        let change = EventPayload.processChanged(ProcessChange(status: to))
        // Whoever runs it may not have seen the request yet.
        let isUnaware = from == .cancelling && to == .running
        guard to == from || isUnaware || from.canBecome(to) && to != .cancelling else {
            return refuses(story) { try $0.apply(change) }
        }
        let before = try #require(story.fold.progress)
        try story.apply(change)
        let after = try #require(story.fold.progress)
        #expect(after.status == (isUnaware ? .cancelling : to))
        #expect(story.fold.record?.status == after.status)
        guard to != from, !isUnaware else { return #expect(after == before) }
        let isRestart = from.isTerminal
        #expect(after.restartCount == (isRestart ? 1 : 0))
        #expect(after.error == (isRestart ? nil : before.error))
        #expect(after.endTime == (to.isTerminal ? story.now : nil))
        #expect(after.startTime == before.startTime)
    }

    @Test("the table has a row for each status, and its ends are left by a new beginning alone")
    func table() {
        #expect(Set(ProcessStatus.successors.keys) == Set(ProcessStatus.allCases))
        for status in ProcessStatus.allCases {
            let next = ProcessStatus.successors[status] ?? []
            #expect(!next.contains(status))
            if status.isTerminal { #expect(next == [.queued, .running]) }
            #expect(status.runState.isTerminal == status.isTerminal)
        }
        // What is lawful when a cancel request was not seen must be lawful after it.
        let running = (ProcessStatus.successors[.running] ?? []).subtracting([.cancelling])
        #expect(ProcessStatus.successors[.cancelling]?.isSuperset(of: running) == true)
    }

    // MARK: Every status against every event

    @Test("every status takes every request, and changes by a cancel request alone", arguments: ProcessStatus.allCases)
    func requests(_ status: ProcessStatus) throws {
        let turn = ConversationTurn(role: "user", content: "x")
        for payload: EventPayload in [
            .pinned(true), .processUpdated([.title: "t"]), .turnAppended(TurnAppended(turn)),
            .turnStreamed(TurnPiece(stream: "s", role: "r", text: "t")), .signalled(name: "n", value: 1),
        ] {
            var story = try Story(status)
            let before = story.fold
            try story.apply(payload)
            #expect(story.fold.progress == before.progress && story.fold.cancelRequestedAt == before.cancelRequestedAt)
            #expect(story.fold.updatedAt == story.now && story.fold.summaryColumns.state == status.runState)
        }
        var story = try Story(status)
        let before = story.fold
        try story.apply(.cancelRequested(reason: "x"))
        #expect(story.fold.progress?.status == (status == .running ? .cancelling : status))
        #expect((story.fold.cancelRequestedAt == nil) == status.isTerminal)
        if status == .cancelling { #expect(story.fold.cancelRequestedAt == before.cancelRequestedAt) }
    }

    @Test(
        "every status refuses the events of runs, a second beginning, and what is in a blob",
        arguments: ProcessStatus.allCases)
    func strangers(_ status: ProcessStatus) throws {
        let story = try Story(status)
        var generator = SeededGenerator(seed: 3)
        let own: Set<EventKind> = [
            .claimed, .cancelRequested, .pinned, .signalled, .processChanged, .processUpdated, .turnAppended,
            .turnStreamed,
        ]
        for kind in EventKind.allCases where !own.contains(kind) {
            let payload = kind == .spilled ? EventPayload.spilled(Self.spilled) : generator.payload(kind)
            refuses(story, kind == .spilled ? .invalid : .illegalTransition) { try $0.apply(payload) }
        }
    }

    private static let spilled = Spilled(
        type: "turn", digest: Digest(of: []), size: 1, xcomTask: nil, isFirst: false, blobs: [])

    @Test("only a first event comes first, about this process, with the first sequence")
    func first() {
        let time = Self.start
        func refuses(_ payload: EventPayload, sequence: Int64 = 1, _ code: StoreError.Code) {
            var fold = ProcessFold(id: Self.id)
            let error = #expect(throws: StoreError.self) {
                try fold.apply(Event(sequence: sequence, time: time, token: nil, payload: payload))
            }
            #expect(error?.code == code && fold == ProcessFold(id: Self.id))
        }
        let added = EventPayload.processAdded(ProcessAdded(record: .full("p", start: time)))
        refuses(.pinned(true), .illegalTransition)
        refuses(.processAdded(ProcessAdded(record: .full("q", start: time))), .illegalTransition)
        refuses(.created(RunCreated(dag: DAGID(unchecked: "d"), logicalDate: time)), .illegalTransition)
        refuses(added, sequence: 2, .corrupt)
    }

    @Test("a holder's event needs the highest token, a claim a higher one")
    func tokens() throws {
        var story = try Story(.running)
        try story.claim()
        for number in [nil, 1, 3] as [Int64?] {
            refuses(story) {
                $0.token = number.map(LeaseToken.init(rawValue:))
                try $0.apply(.processChanged(ProcessChange(status: .failed)))
            }
        }
        for number in [nil, 1, 2] as [Int64?] {
            refuses(story) {
                $0.token = number.map(LeaseToken.init(rawValue:))
                try $0.apply(.claimed(Claimed(worker: WorkerID(unchecked: "w"))))
            }
        }
        try story.apply(.processChanged(ProcessChange(isOwned: true)))
        #expect(story.fold.progress?.owner == story.token)
        try story.apply(.processChanged(ProcessChange()))
        #expect(story.fold.progress?.owner == nil)
    }

    // MARK: Reading

    @Test(
        "the summary has what a listing needs, and the change of a summary equals the fold's",
        arguments: 1...20 as ClosedRange<UInt64>)
    func summaries(_ seed: UInt64) throws {
        print("process fold, seed \(seed)")
        var generator = SeededGenerator(seed: seed)
        var story = try Story(generator.pick(ProcessStatus.allCases))
        for _ in 0..<60 {
            let payload: EventPayload =
                switch generator.below(5) {
                case 0: .cancelRequested(reason: nil)
                case 1: .processUpdated(generator.processFields())
                case 2: .processChanged(ProcessChange(status: generator.pick(ProcessStatus.allCases)))
                case 3: .processChanged(generator.processChange())
                default: .pinned(generator.once(in: 2))
                }
            let before = story.fold.summary
            do { try story.apply(payload) } catch { #expect(story.fold.summary == before) }
            let summary = ProcessSummary(story.fold.summary)
            let record = try #require(story.fold.record)
            #expect(summary.status == record.status && summary.startTime == record.startTime)
            #expect(summary.endTime == record.endTime && summary.error == record.error)
            #expect(summary.fields.values == record.fields.values.filter { $0.key.isListed })
            #expect(summary.type == record.type && summary.parent == record.parent && summary.run == record.run)
        }
    }

    @Test("streams keep their place and apart; what comes after their end changes nothing")
    func streams() throws {
        var story = try Story(.running)
        func piece(_ stream: String, _ text: String) -> EventPayload {
            .turnStreamed(TurnPiece(stream: stream, role: stream, text: text))
        }
        func end(_ stream: String, _ text: String) -> EventPayload {
            .turnAppended(TurnAppended(ConversationTurn(role: stream, content: text), stream: stream))
        }
        for payload in [piece("a", "1"), piece("b", "2"), piece("a", "3"), end("c", "c"), piece("b", "4")] {
            try story.apply(payload)
        }
        func contents() -> [String?] { story.fold.turns.dropFirst(2).map(\.turn.content) }
        #expect(contents() == ["13", "24", "c"])
        #expect(story.fold.turns.map(\.isStreaming) == [false, false, true, true, false])
        for payload in [end("a", "whole"), piece("a", "late"), end("a", "again"), piece("c", "late")] {
            try story.apply(payload)
        }
        #expect(contents() == ["whole", "24", "c"])
        #expect(story.fold.record?.conversationTurns.count == 5)
    }
}
