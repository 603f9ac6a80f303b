import Holdfast

extension Collection where Element: Sendable, Index == Int {
    /// The outcomes in the order of the elements, of which a bounded number is worked on at a time: what waits for the disk
    /// then waits together. After a failure none is begun any more, and it is thrown once the others have ended.
    func concurrently<Outcome: Sendable>(
        atMost width: Int = 16, _ work: @escaping @Sendable (Element) async throws(StoreError) -> Outcome
    ) async throws(StoreError) -> [Outcome] {
        typealias Done = (index: Int, result: Result<Outcome, StoreError>)
        let results = await withTaskGroup(of: Done.self) { group in
            var results = [Result<Outcome, StoreError>?](repeating: nil, count: count)
            var next = startIndex
            var hasFailed = false
            func begin() {
                guard next < endIndex, !hasFailed else { return }
                let (index, element) = (next - startIndex, self[next])
                next += 1
                group.addTask {
                    do throws(StoreError) {
                        return (index, .success(try await work(element)))
                    } catch {
                        return (index, .failure(error))
                    }
                }
            }
            for _ in 0..<width { begin() }
            while let done = await group.next() {
                results[done.index] = done.result
                if case .failure = done.result { hasFailed = true }
                begin()
            }
            return results.compactMap(\.self)
        }
        return try results.map { result throws(StoreError) in try result.get() }
    }
}
