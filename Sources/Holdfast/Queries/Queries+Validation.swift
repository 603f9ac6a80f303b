// What every backend refuses or derives the same way.

private func checkLimit(_ limit: Int, maximum: Int) throws(StoreError) {
    guard (1...maximum).contains(limit) else {
        throw StoreError(.invalid, subject: "limit \(limit)", detail: "use 1 to \(maximum)")
    }
}

extension SummaryQuery {
    /// - Throws: `invalid`.
    package func validate() throws(StoreError) {
        try checkLimit(limit, maximum: Self.maximumLimit)
        guard (0...Self.maximumOffset).contains(offset) else {
            throw StoreError(
                .invalid, subject: "offset \(offset)", detail: "use 0 to \(Self.maximumOffset), or a cursor")
        }
        guard offset == 0 || cursor == nil else {
            throw StoreError(.invalid, subject: "offset \(offset)", detail: "a cursor takes no offset")
        }
        guard kind == .run || order == .created else {
            throw StoreError(
                .invalid, subject: "order \(order.rawValue)", detail: "processes are listed by their creation")
        }
    }

    /// What a cursor is bound to.
    package var fingerprint: JSONValue {
        .array([
            .string(kind.rawValue), ids.map { .array($0.map { .string($0) }) } ?? .null, .string(idPrefix ?? ""),
            .string(dag?.rawValue ?? ""), .array(states.map(\.rawValue).sorted().map { .string($0) }),
            .string(workspace?.rawValue ?? ""), .object(labels.mapValues { .string($0) }),
            .string(parent?.rawValue ?? ""), since.map { .int($0.milliseconds) } ?? .null,
            until.map { .int($0.milliseconds) } ?? .null,
            .string(order.rawValue), .bool(ascending),
        ])
    }

    /// The column that the order goes by, in milliseconds; nil: not in this order.
    package func orderKey(of summary: Summary) -> Int64? {
        switch order {
        case .created: summary.createdAt.milliseconds
        case .ended: summary.folded.endedAt?.milliseconds
        case .duration: summary.folded.duration?.wholeMilliseconds
        }
    }

    /// Whether a summary, with its lease filled in, passes every filter.
    package func matches(_ summary: Summary) -> Bool {
        summary.id.kind == kind
            && ids.map { $0.contains(summary.id.id) } ?? true
            && idPrefix.map { summary.id.id.hasPrefix($0) } ?? true
            && dag.map { summary.dag == $0 } ?? true
            && (states.isEmpty || states.contains(summary.visibleState))
            && workspace.map { summary.workspace == $0 } ?? true
            && labels.allSatisfy { summary.labels[$0] == $1 }
            && parent.map { summary.parent == $0 } ?? true
            && since.map { summary.createdAt >= $0 } ?? true
            && until.map { summary.createdAt < $0 } ?? true
            && orderKey(of: summary) != nil
    }

    /// Whether the kept counts can tell how many match.
    package var isCountable: Bool {
        ids == nil && idPrefix == nil && labels.isEmpty && parent == nil && since == nil && until == nil
            && order == .created
    }
}

extension HistoryQuery {
    package func validate() throws(StoreError) { try checkLimit(limit, maximum: Self.maximumLimit) }
}

extension FeedQuery {
    package func validate() throws(StoreError) { try checkLimit(limit, maximum: Self.maximumLimit) }
}

extension RecordQuery {
    package func validate() throws(StoreError) { try checkLimit(limit, maximum: Self.maximumLimit) }

    /// What a cursor is bound to.
    package var fingerprint: JSONValue {
        let selection: JSONValue =
            switch self.selection {
            case .keyPrefix(let prefix): ["prefix", .string(prefix)]
            case .key(let key): ["key", .string(key)]
            case .orderKeys(let from, let to):
                ["order", from.map { .string($0) } ?? .null, to.map { .string($0) } ?? .null]
            }
        return [.string(kind), selection, .bool(descending)]
    }
}
