import Holdfast
import HoldfastEngine

extension RunFold {
    /// Refuses a task that the run does not have, with the one that may have been meant.
    func check(_ task: TaskID) throws(StoreError) {
        guard node(task) == nil else { return }
        throw StoreError(
            .notFound, subject: "task \(quoted(task.rawValue)) of run \(id)",
            detail: Spelling.nearest(to: task.rawValue, in: nodes.map(\.id.rawValue)).map { "did you mean \($0)?" })
    }

    /// Refuses an instance that the run does not have, too.
    func check(_ wanted: InstanceID) throws(StoreError) {
        try check(wanted.task)
        guard wanted.mapIndex != nil, instance(wanted) == nil else { return }
        throw StoreError(.notFound, subject: "instance \(wanted) of run \(id)")
    }
}
