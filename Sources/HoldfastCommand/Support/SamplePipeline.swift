/// What `holdfast init` writes.
enum SamplePipeline {
    static let text = #"""
        # A pipeline: tasks, and what each of them needs. Run it with
        #   holdfast run pipeline.yaml --param name=you
        name: sample
        params: { name: world }                  # null makes a parameter required
        defaults: { retries: 1, timeout: 1m }
        tasks:
          count:
            # The last line that a task prints is its return value.
            run: ls -A | wc -l | tr -d ' '
          greet:
            needs: [count]
            # Parameters and the values of needed tasks are in the environment.
            run: |
              echo "Hello $PARAM_NAME, there are $XCOM_COUNT_RETURN_VALUE files here." > "$HOLDFAST_ARTIFACTS/greeting.txt"
              cat "$HOLDFAST_ARTIFACTS/greeting.txt"
          colours:
            foreach: [red, green, blue]          # one instance for each
            run: echo "$ITEM"
          report:
            needs: [greet, colours]
            env: { COLOURS: "{{ xcom.colours.return_value }}" }
            run: echo "done with $COLOURS"
        on_failure:
          run: echo "the run $HOLDFAST_RUN_ID failed"

        """#
}
