import Holdfast
import HoldfastEngine

extension StoreError {
    /// The complaint about a task that a run does not have, with the one that may have been meant.
    static func unknownTask(_ task: TaskID, in fold: RunFold) -> StoreError {
        let names = fold.nodes.map(\.id.rawValue)
        return StoreError(
            .notFound, subject: "task \(quoted(task.rawValue)) of run \(fold.id)",
            detail: Spelling.nearest(to: task.rawValue, in: names).map { "did you mean \($0)?" })
    }
}
