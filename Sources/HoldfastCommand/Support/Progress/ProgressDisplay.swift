import Holdfast

/// Shows a run while it goes on.
protocol ProgressDisplay: Sendable {
    /// After each commit.
    func update(_ fold: RunFold, _ events: [Event])
    /// Once, when nothing more will come.
    func finish() async
}

extension Output {
    /// A live tree where a person looks on, lines otherwise.
    func makeProgressDisplay() -> any ProgressDisplay {
        let terminal = Terminal(descriptor)
        return terminal.isInteractive ? LiveTree(self, terminal) : PlainProgress(self)
    }
}
