/// 36 tasks in six layers, each of which appends one line to a file: its id, its try and its idempotency key.
///
/// A lock for each task, which its processes hold as long as one of them lives, shows if one ever runs twice at once.
enum LinePipeline {
    static let parallel = 4

    static let tasks: [String] = (0..<6).flatMap { layer in (0..<6).map { "task-\(layer)-\($0)" } }

    static let yaml: String = {
        var text = "name: lines\nmax_parallel: \(parallel)\ntasks:\n"
        for layer in 0..<6 {
            for index in 0..<6 {
                let needs = layer == 0 ? [] : [index, (index + 1) % 6].map { "task-\(layer - 1)-\($0)" }
                text += """
                      task-\(layer)-\(index):
                        needs: [\(needs.joined(separator: ", "))]
                        run: |
                          exec 9>> "locks/$HOLDFAST_RUN_ID.$HOLDFAST_TASK_ID"
                          flock -n 9 || echo "$HOLDFAST_RUN_ID $HOLDFAST_TASK_ID $HOLDFAST_TRY" >> overlaps
                          echo "$HOLDFAST_TASK_ID $HOLDFAST_TRY $HOLDFAST_IDEMPOTENCY_KEY" >> "lines.$HOLDFAST_RUN_ID"
                          sleep 0.01

                    """
            }
        }
        return text
    }()
}
