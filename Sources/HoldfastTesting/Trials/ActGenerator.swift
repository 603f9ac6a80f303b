import Holdfast

/// Draws what a busy little store is asked for: runs come, are claimed, make steps, end and are deleted, so that it never
/// holds many; beside them requests, records, renewals, blobs, repeated commits and compactions.
struct ActGenerator {
    private var random: SeededGenerator
    private var runs: [HistoryID: LeaseToken?] = [:]
    private var ended: Set<HistoryID> = []
    private var made = 0
    private var time = Timestamp(milliseconds: 1_767_225_600_000)
    private var last: Changeset?

    static let worker = WorkerInfo.sample()
    static let atOnce = 4

    init(seed: UInt64) { random = SeededGenerator(seed: seed) }

    /// What to ask for next; several acts are to be asked for at once.
    /// - Parameter reference: a store to which every act before was done.
    mutating func next(_ reference: any Store) async throws -> [Act] {
        time = time + .milliseconds(1)
        if runs.count < 4 { return [create()] }
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<8: return try await group(reference)
        case 8..<16: return [.commit(Changeset(id: id(), records: [recordChange()]))]
        case 16..<19: return [renew()]
        case 19..<22: return [repetition()]
        case 22..<26: return [.compact]
        case 26..<32 where runs.count < 8: return [create()]
        default: return [try await act(on: anyRun(), reference)]
        }
    }

    /// Learns what an act came to.
    mutating func learn(_ act: Act, _ answer: Act.Answer) {
        if case .commit(let changeset) = act, !changeset.appends.isEmpty { last = changeset }
        if case .claimed(let leases) = answer { for lease in leases { runs[lease.history] = lease.token } }
    }

    private mutating func id() -> ChangesetID { ChangesetID(high: random.next(), low: random.next()) }

    private mutating func anyRun() -> HistoryID {
        runs.keys.sorted().randomElement(using: &random) ?? .run(named: "none")
    }

    private mutating func bytes() -> [UInt8] {
        [UInt8](repeating: UInt8.random(in: 0...255, using: &random), count: Int.random(in: 0...1500, using: &random))
    }

    private mutating func text() -> JSONValue {
        let most = Int.random(in: 0..<20, using: &random) == 0 ? 3000 : 150
        return .string(String(repeating: "x", count: Int.random(in: 0...most, using: &random)))
    }
}

// MARK: - Runs

extension ActGenerator {
    private mutating func create() -> Act {
        made += 1
        let run = HistoryID.run(named: "run-\(made)")
        runs[run] = .some(nil)
        let created = RunCreated.sample(
            dag: "dag-\(made % 3)", workspace: made % 2 == 0 ? "here" : nil, labels: ["n": "\(made % 5)"], at: time)
        var changeset = Changeset.creating(run, created, at: time)
        changeset.id = id()
        return .commit(changeset)
    }

    private mutating func act(on run: HistoryID, _ reference: any Store) async throws -> Act {
        if Int.random(in: 0..<5, using: &random) == 0 { return request(on: run) }
        guard let token = runs[run] ?? nil else {
            return .claim(
                ClaimRequest(
                    id: id(), worker: Self.worker, timeToLive: .seconds(3600), target: .histories([run]), time: time))
        }
        if ended.contains(run) {
            runs[run] = nil
            ended.remove(run)
            return .commit(Changeset(id: id(), deletions: [Changeset.Deletion(run, token: token)]))
        }
        return try await own(run, token, reference)
    }

    private mutating func request(on run: HistoryID) -> Act {
        var update = SummaryUpdate(run)
        let payload: EventPayload
        switch Int.random(in: 0..<3, using: &random) {
        case 0: payload = .signal("s", text())
        case 1:
            let isPinned = Bool.random(using: &random)
            payload = .pinned(isPinned)
            update.isPinned = isPinned
        default:
            let changes: [String: JSONValue] = ["key": text()]
            payload = .metadataChanged(changes)
            update.metadata = changes
        }
        var changeset = Changeset.appending(payload, to: run, at: time)
        changeset.id = id()
        changeset.summaries = [.update(update)]
        return .commit(changeset)
    }

    private mutating func own(_ run: HistoryID, _ token: LeaseToken, _ reference: any Store) async throws -> Act {
        var fold = try await reference.fold(RunID(unchecked: run.id))
        let payload: EventPayload
        var blob: [UInt8]?
        if fold.state != .running {
            payload = .started
        } else if Int.random(in: 0..<20, using: &random) == 0 {
            let bytes = bytes()
            blob = bytes
            payload = .artifactSaved(
                ArtifactReference(
                    key: ArtifactKey(unchecked: "file"), mediaType: "text/plain", digest: Digest(of: bytes),
                    size: Int64(bytes.count)))
        } else if Int.random(in: 0..<10, using: &random) == 0 {
            payload = .finished(state: .success, reason: nil)
        } else {
            payload = .step("step-\(fold.sequence)", text())
        }
        let sequence = fold.sequence
        try fold.apply(Event(sequence: sequence + 1, time: time, token: token, payload: payload))
        var changeset = Changeset.appending(payload, to: run, token: token, lastKnown: sequence, at: time)
        changeset.id = id()
        changeset.summaries = [.update(SummaryUpdate(run, folded: fold.summaryColumns, token: token))]
        if case .finished = payload {
            changeset.releases = [Changeset.Release(run, token: token)]
            runs[run] = .some(nil)
            ended.insert(run)
        }
        return blob.map { .save($0, changeset) } ?? .commit(changeset)
    }

    /// One act for each of some runs.
    private mutating func group(_ reference: any Store) async throws -> [Act] {
        var acts: [Act] = []
        for run in runs.keys.sorted().shuffled(using: &random).prefix(Int.random(in: 2...Self.atOnce, using: &random)) {
            guard let token = runs[run] ?? nil, !ended.contains(run), Bool.random(using: &random) else {
                acts.append(request(on: run))
                continue
            }
            acts.append(try await own(run, token, reference))
        }
        return acts
    }
}

// MARK: - What is beside the runs

extension ActGenerator {
    /// The last changeset again, as after a lost answer.
    private mutating func repetition() -> Act {
        guard let last, last.appends.allSatisfy({ runs[$0.history] != nil }) else {
            return .commit(Changeset(id: id()))
        }
        return .commit(last)
    }

    private mutating func recordChange() -> RecordChange {
        let key = "key-\(Int.random(in: 0..<6, using: &random))"
        guard Int.random(in: 0..<4, using: &random) > 0 else {
            return .delete(kind: VisibleState.recordKind, key: key, expectedVersion: nil)
        }
        let record = Record(
            kind: VisibleState.recordKind, key: key, orderKey: Bool.random(using: &random) ? "o" : nil, body: text())
        return .put(record, expectedVersion: nil)
    }

    private mutating func renew() -> Act {
        let held = runs.compactMapValues { $0 }
        return .renew(
            RenewRequest(
                worker: Self.worker, timeToLive: .seconds(Int64.random(in: 3600...7200, using: &random)), held: held))
    }
}
