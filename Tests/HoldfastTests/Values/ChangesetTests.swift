import Holdfast
import Testing

@Suite("Changeset")
struct ChangesetTests {
    private static let time = Timestamp(milliseconds: 0)
    private static let run = HistoryID.run(RunID(unchecked: "r"))

    private static func append(
        _ payloads: [EventPayload], token: Int64? = nil, to history: HistoryID = run
    ) -> Changeset.Append {
        Changeset.Append(
            history, token: token.map(LeaseToken.init(rawValue:)), events: payloads.map { NewEvent(at: time, $0) })
    }

    private static let summary = Summary(
        id: run, dag: DAGID(unchecked: "d"), logicalDate: time, createdAt: time,
        folded: Summary.Folded(asOf: 1, state: .queued, updatedAt: time))

    private static let created = EventPayload.created(
        RunCreated(dag: DAGID(unchecked: "d"), logicalDate: Timestamp(milliseconds: 0)))
    private static func step(_ value: JSONValue) -> EventPayload {
        .stepCompleted(StepCompleted(task: TaskID(unchecked: "a"), value: value))
    }
    private static func spilled(_ type: String, isFirst: Bool = false) -> EventPayload {
        .spilled(Spilled(type: type, digest: Digest(of: []), size: 1, xcomTask: nil, isFirst: isFirst, blobs: []))
    }

    @Test("no two identities are the same, whoever makes them at the same time")
    func identities() async {
        let made = await withTaskGroup(of: [ChangesetID].self) { group in
            for _ in 0..<8 { group.addTask { (0..<5000).map { _ in ChangesetID() } } }
            return await group.reduce(into: Set<ChangesetID>()) { $0.formUnion($1) }
        }
        #expect(made.count == 40_000)
    }

    @Test("a changeset that keeps the rules passes")
    func validChangesets() throws {
        let other = HistoryID.process(ProcessID(unchecked: "r"))
        try Changeset(
            appends: [Self.append([Self.created, .pinned(true)]), Self.append([.pinned(true)], to: other)],
            summaries: [.create(Self.summary)]
        ).validate()
        try Changeset(appends: [Self.append([.started, Self.step(1)], token: 1)]).validate()
        try Changeset(appends: [Self.append([Self.spilled("signal")])]).validate()
        try Changeset(
            appends: [Self.append([Self.spilled("created", isFirst: true)])], summaries: [.create(Self.summary)]
        ).validate()
        try Changeset(deletions: [Changeset.Deletion(Self.run, token: LeaseToken(rawValue: 1))]).validate()
        try Changeset(records: [.put(Record(kind: "k", key: "a/b", body: .null), expectedVersion: 0)]).validate()
        try Changeset().validate()
    }

    static let invalid: [(Changeset, String)] = [
        (Changeset(appends: [append([])]), "an append needs an event"),
        (
            Changeset(appends: [append([.pinned(true)]), append([.pinned(false)])]),
            "appended to or deleted twice in one changeset"
        ),
        (
            Changeset(
                appends: [append([.pinned(true)])],
                deletions: [Changeset.Deletion(run, token: LeaseToken(rawValue: 1))]),
            "appended to or deleted twice in one changeset"
        ),
        (
            Changeset(summaries: [.update(SummaryUpdate(run)), .update(SummaryUpdate(run))]),
            "changed twice in one changeset"
        ),
        (
            Changeset(
                records: [
                    .put(Record(kind: "k", key: "a", body: 1), expectedVersion: nil),
                    .delete(kind: "k", key: "a", expectedVersion: nil),
                ]),
            "put or deleted twice in one changeset"
        ),
        (Changeset(appends: [append([created])]), "a first event and the summary's creation go together"),
        (Changeset(summaries: [.create(summary)]), "a first event and the summary's creation go together"),
        (
            Changeset(appends: [append([.claimed(Claimed(worker: WorkerID(unchecked: "w")))], token: 1)]),
            "only claim writes claims"
        ),
        (Changeset(appends: [append([.pinned(true), created])]), "created is legal only as the first event"),
        (Changeset(appends: [append([.started])]), "started needs the token of a lease"),
        (Changeset(appends: [append([spilled("step")])]), "step needs the token of a lease"),
        (Changeset(appends: [append([step(.double(.nan))], token: 1)]), "a number is not finite"),
        (Changeset(appends: [append([.metadataChanged(["a": [.double(.infinity)]])])]), "a number is not finite"),
        (
            Changeset(appends: [append([step((0..<513).reduce(1) { value, _ in [value] })], token: 1)]),
            "nested deeper than 512"
        ),
        (
            Changeset(records: [.delete(kind: "", key: "a", expectedVersion: nil)]),
            "1 to 1024 bytes without control characters"
        ),
        (
            Changeset(records: [.put(Record(kind: "k", key: "a\n", body: 1), expectedVersion: nil)]),
            "1 to 1024 bytes without control characters"
        ),
        (
            Changeset(records: [.put(Record(kind: "k", key: "a", orderKey: "", body: 1), expectedVersion: nil)]),
            "1 to 1024 bytes without control characters"
        ),
        (
            Changeset(records: [.put(Record(kind: "k", key: "a", body: .double(.nan)), expectedVersion: nil)]),
            "a number is not finite"
        ),
    ]

    @Test("a changeset that breaks a rule is refused by name", arguments: invalid)
    func invalidChangesets(_ changeset: Changeset, _ detail: String) {
        let error = #expect(throws: StoreError.self) { try changeset.validate() }
        #expect(error?.code == .invalid)
        #expect(error?.detail == detail)
    }

    @Test("a record over 1 MiB is too large")
    func largeRecord() {
        let body = JSONValue.string(String(repeating: "x", count: Record.maximumBodySize))
        let error = #expect(throws: StoreError.self) {
            try Changeset(records: [.put(Record(kind: "k", key: "a", body: body), expectedVersion: nil)]).validate()
        }
        #expect(error?.code == .tooLarge)
    }
}
