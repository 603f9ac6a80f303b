extension Store {
    /// Commits, putting payloads that are too large for a history into blobs first.
    ///
    /// The usual changeset fits and costs nothing extra: only when the store refuses one as `tooLarge` is it rewritten and
    /// committed again, under the same id. Throws what `commit` and `writeBlob` throw; `tooLarge` for an XCom over 1 MiB.
    public func commitSpilling(_ changeset: Changeset) async throws(StoreError) -> Receipt {
        do throws(StoreError) {
            return try await commit(changeset)
        } catch {
            guard error.code == .tooLarge else { throw error }
            return try await commit(try await spilling(changeset))
        }
    }

    private func spilling(_ changeset: Changeset) async throws(StoreError) -> Changeset {
        var smaller = changeset
        for append in smaller.appends.indices {
            for index in smaller.appends[append].events.indices {
                let payload = smaller.appends[append].events[index].payload
                smaller.appends[append].events[index].payload = try await spill(payload)
            }
        }
        return smaller
    }

    private func spill(_ payload: EventPayload) async throws(StoreError) -> EventPayload {
        try payload.checkXComSizes()
        let bytes = EventCodec.encode(payload)
        guard bytes.count > EventCodec.inlineLimit else { return payload }
        let blob = try await writeBlob(ByteStream(bytes))
        return .spilled(
            Spilled(
                type: payload.type, digest: blob.digest, size: blob.size, xcomTask: payload.xcomTask,
                isFirst: payload.isFirst, blobs: Set(payload.blobs).sorted()))
    }
}

extension EventPayload {
    fileprivate func checkXComSizes() throws(StoreError) {
        let (task, values): (TaskID, [String: JSONValue]) =
            switch self {
            case .taskFinished(let finished): (finished.instance.task, finished.xcoms)
            case .stepCompleted(let step): (step.task, ["return_value": step.value])
            case .xcomSet(let instance, let key, let value): (instance.task, [key: value])
            default: (TaskID(unchecked: "none"), [:])
            }
        for (key, value) in values where value.encoded().count > XCom.maximumSize {
            throw StoreError(
                .tooLarge, subject: "XCom \(task).\(quoted(key))", detail: "at most 1 MiB; leave an artifact instead")
        }
    }
}
