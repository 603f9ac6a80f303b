// The conversation: turns are appended as events, so none is ever rewritten or lost, whoever else writes at the same time.

extension ProcessesView {
    /// Appends a turn, at the same cost however long the conversation is. A turn without a time gets the present one.
    /// - Throws: `notFound`; `invalid` for values that are no JSON.
    public func appendTurn(_ id: ProcessID, _ turn: ConversationTurn) async throws(StoreError) {
        try await request(.turnAppended(TurnAppended(turn.stamped(at: views.clock.now()))), of: id)
    }

    /// Begins a turn that is said piece by piece; nothing is written before the first piece.
    public func streamTurn(
        _ id: ProcessID, role: String, batching: TurnStream.Batching = TurnStream.Batching()
    ) -> TurnStream {
        TurnStream(views: views, process: id, role: role, batching: batching)
    }

    /// The conversation, in the order in which the turns began.
    /// - Throws: `notFound`.
    public func turns(_ id: ProcessID) async throws(StoreError) -> [ProcessFold.Turn] {
        try await detail(id).fold.turns
    }
}
