/// A turn while it is said: pieces of text go into the history in batches, so that others see it grow, and its end is one
/// event that holds the whole turn.
///
/// Who never calls `finish` leaves the turn as far as it was said.
public actor TurnStream {
    /// When what was written so far goes into the history.
    public struct Batching: Sendable, Hashable {
        /// This long after the first text that waits.
        public var interval: Duration
        /// Bytes that wait at the most; also the size of a piece.
        public var size: Int

        public init(interval: Duration = .milliseconds(250), size: Int = 16 * 1024) {
            self.interval = interval
            self.size = max(size, 4)
        }
    }

    /// How long a piece is tried again while the store is unavailable.
    private static let patience = Duration.seconds(5)

    public nonisolated let process: ProcessID
    public nonisolated let role: String
    private let views: Views
    private let batching: Batching
    private let stream: String
    private var began: Timestamp?
    private var whole = ""
    private var waiting = ""
    private var timer: Task<Void, Never>?
    private var sending: Task<Void, Never>?
    private var failure: StoreError?
    private var isFinished = false

    init(views: Views, process: ProcessID, role: String, batching: Batching) {
        self.views = views
        self.process = process
        self.role = role
        self.batching = batching
        stream = views.ids.token()
    }

    /// Says some more.
    /// - Throws: what kept an earlier piece from being written, once; it is tried again with the next. `invalid` after the end.
    public func write(_ text: String) async throws(StoreError) {
        try checkOpen()
        began = began ?? views.clock.now()
        whole += text
        waiting += text
        if waiting.utf8.count >= batching.size { await flush() } else { startTimer() }
        if let failure {
            self.failure = nil
            throw failure
        }
    }

    /// Ends the turn. After an error it may be called again: the turn is written once.
    /// - Parameter more: further members of the turn.
    /// - Throws: what `commit` throws; `invalid` when it was finished before.
    public func finish(more: [String: JSONValue] = [:]) async throws(StoreError) {
        try checkOpen()
        timer?.cancel()
        while let sending { await sending.value }
        try checkOpen()
        let now = views.clock.now()
        let turn = ConversationTurn(role: role, content: whole, timestamp: began ?? now, more: more)
        let said = TurnAppended(turn, stream: stream)
        _ = try await views.store.commitRetrying(
            .requesting(.turnAppended(said), of: .process(process), at: now), patience: Self.patience)
        isFinished = true
    }

    private func checkOpen() throws(StoreError) {
        guard !isFinished else {
            throw StoreError(.invalid, subject: "a turn of process \(process)", detail: "it was finished before")
        }
    }

    private func startTimer() {
        guard timer == nil else { return }
        timer = Task { [interval = batching.interval] in
            do { try await Task.sleep(for: interval) } catch { return }
            await timerFired()
        }
    }

    private func timerFired() async {
        timer = nil
        await flush()
    }

    /// Writes what waits, behind what is being written.
    private func flush() async {
        while let sending { await sending.value }
        guard !waiting.isEmpty, !isFinished else { return }
        let text = waiting
        waiting = ""
        let task = Task { await send(text) }
        sending = task
        await task.value
    }

    private func send(_ text: String) async {
        defer { sending = nil }
        let now = views.clock.now()
        var changeset = Changeset(appends: [
            Changeset.Append(.process(process), lastKnown: Changeset.Append.neverCommitted, events: [])
        ])
        changeset.appends[0].events = text.pieces(of: batching.size).map { piece in
            NewEvent(at: now, .turnStreamed(TurnPiece(stream: stream, role: role, text: piece)))
        }
        do throws(StoreError) {
            _ = try await views.store.commitRetrying(changeset, patience: Self.patience)
        } catch {
            waiting = text + waiting
            failure = error
        }
    }
}

extension String {
    /// Cut into pieces of at most so many UTF-8 bytes, between scalars.
    fileprivate func pieces(of size: Int) -> [String] {
        guard utf8.count > size else { return [self] }
        var pieces = [""]
        var length = 0
        for scalar in unicodeScalars {
            let width = UTF8.width(scalar)
            if length + width > size {
                pieces.append("")
                length = 0
            }
            pieces[pieces.count - 1].unicodeScalars.append(scalar)
            length += width
        }
        return pieces
    }
}
