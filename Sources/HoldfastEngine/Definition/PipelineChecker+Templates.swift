import Holdfast

extension PipelineChecker {
    /// Who uses a template, which decides what it may name.
    private enum Owner {
        case pipeline
        case hook
        case task(Int)
    }

    mutating func checkTemplates() {
        for param in draft.params { refusePlain(param.texts, "the default of a parameter") }
        check(draft.env, of: .pipeline)
        for (index, task) in draft.tasks.enumerated() {
            checkAction(task)
            check(task.env, of: .task(index))
            if let when = task.when { check(when: when, of: index) }
            if let foreach = task.foreach { check(foreach: foreach, of: index) }
            for text in task.cache?.key ?? [] { check(cacheKey: text, of: index) }
        }
        for hook in draft.hooks {
            checkAction(hook)
            check(hook.env, of: .hook)
        }
    }

    private mutating func add(_ error: TemplateError, _ key: String, in text: Located<YAMLScalar>) {
        guard case .invalid(let offset, let reason) = error else { return }
        let index = text.value.text.utf8.index(text.value.text.startIndex, offsetBy: offset)
        add("\(key): \(reason)", at: index, in: text)
    }

    private mutating func add(_ message: String, at index: String.Index, in text: Located<YAMLScalar>) {
        problems.add(source.position(of: index, in: text.value, at: text.position), message)
    }

    // MARK: - Where templates are rendered

    private mutating func check(_ variables: [VariableDraft], of owner: Owner) {
        for variable in variables {
            let scan = Template.Scan(variable.value.value.text, names: names)
            for error in scan.errors { add(error, "env \(quoted(variable.name))", in: variable.value) }
            for place in scan.places { check(place.reference, at: place.start, in: variable.value, of: owner) }
        }
    }

    private mutating func check(cacheKey text: Located<YAMLScalar>, of index: Int) {
        let scan = Template.Scan(text.value.text, names: names)
        for error in scan.errors { add(error, "\"cache\"", in: text) }
        for place in scan.places {
            guard place.reference.root != .tryNumber else {
                let shown = "{{ \(place.reference.text) }}"
                add("\(shown) can't be used in \"cache\", which holds for every try", at: place.start, in: text)
                continue
            }
            check(place.reference, at: place.start, in: text, of: .task(index))
        }
    }

    private mutating func check(when: Located<YAMLScalar>, of index: Int) {
        do {
            var parser = try WhenParser(when.value.text, names: names)
            let places = parser.places
            _ = try parser.expression()
            for place in places { check(place.reference, at: place.start, in: when, of: .task(index)) }
        } catch {
            add(error, "\"when\"", in: when)
        }
    }

    private mutating func check(foreach: TaskDraft.Foreach, of index: Int) {
        guard case .template(let text) = foreach else {
            if case .items(_, let texts) = foreach { refusePlain(texts, "an item of \"foreach\"") }
            return
        }
        let scan = Template.Scan(text.value.text, names: names, isStrict: true)
        for error in scan.errors { add(error, "\"foreach\"", in: text) }
        guard scan.errors.isEmpty else { return }
        guard let lone = Template(segments: scan.segments).lone else {
            add(
                "\"foreach\" is \(text.value.phrase); it must be a list like [a, b] or one template like \"{{ xcom.extract.files }}\"",
                at: text.value.text.startIndex, in: text)
            return
        }
        let start = scan.places[0].start
        switch lone.root {
        case .item: add("{{ \(lone.text) }} can't be used in \"foreach\", which makes the items", at: start, in: text)
        case .tryNumber:
            add("{{ \(lone.text) }} can't be used in \"foreach\", which is read before any try", at: start, in: text)
        default: check(lone, at: start, in: text, of: .task(index))
        }
    }

    private mutating func check(
        _ reference: TemplateReference, at start: String.Index, in text: Located<YAMLScalar>, of owner: Owner
    ) {
        let shown = "{{ \(reference.text) }}"
        switch (reference.root, owner) {
        case (.item, .pipeline):
            add(
                "\(shown) can't be used for all tasks; move it to the \"env\" of a task with \"foreach\"", at: start,
                in: text)
        case (.item, .hook): add("\(shown) can't be used in a hook, which has no \"foreach\"", at: start, in: text)
        case (.item, .task(let index)) where draft.tasks[index].foreach == nil:
            add("\(shown) is used, but the task has no \"foreach\"; add one or remove it", at: start, in: text)
        case (.xcom, .pipeline):
            add(
                "\(shown) can't be used for all tasks; move it to the \"env\" of a task that needs that task",
                at: start, in: text)
        case (.xcom(let xcom), .task(let index)): check(xcom, shown, at: start, in: text, of: index)
        default: break
        }
    }

    private mutating func check(
        _ xcom: XComReference, _ shown: String, at start: String.Index, in text: Located<YAMLScalar>, of index: Int
    ) {
        guard let other = indices[xcom.task.rawValue], other == index || !isUpstream(other, of: index) else { return }
        let id = quoted(draft.tasks[index].id)
        add(
            other == index
                ? "\(shown) names the task's own value; name one of a task that \(id) needs"
                : "\(shown) names task \(quoted(xcom.task.rawValue)), which is not upstream of \(id); add it to \"needs\"",
            at: start, in: text)
    }

    // MARK: - Where they are not

    private mutating func refusePlain(_ texts: [Located<YAMLScalar>], _ what: String) {
        for text in texts {
            for use in RootUse.all(in: text.value.text) {
                add(
                    "\(use.shown) is not rendered in \(what); use it in \"env\", \"when\" or \"foreach\"",
                    at: use.start, in: text)
            }
        }
    }

    private mutating func checkAction(_ task: TaskDraft) {
        switch task.action {
        case nil: break
        case .shell(let script):
            for use in RootUse.all(in: script.value.text) {
                let message =
                    "\"run\" must not hold \(use.shown), whose value could inject shell code; \(advice(use, task, inShell: true))"
                add(message, at: use.start, in: script)
            }
        case .command(let arguments):
            for argument in arguments {
                for use in RootUse.all(in: argument.value.text) {
                    let message = "\"command\" must not hold \(use.shown); \(advice(use, task, inShell: false))"
                    add(message, at: use.start, in: argument)
                }
            }
        }
    }

    private func advice(_ use: RootUse, _ task: TaskDraft, inShell: Bool) -> String {
        guard let variable = variable(for: use, task) else {
            return inShell
                ? "set a variable under \"env\" (VALUE: \"\(use.shown)\") and use \"$VALUE\""
                : "set a variable under \"env\" (VALUE: \"\(use.shown)\") and read VALUE in the program"
        }
        return inShell ? "use \"$\(variable)\"" : "the program finds the value in its environment as \(variable)"
    }

    /// The variable that holds the same value without being asked for.
    private func variable(for use: RootUse, _ task: TaskDraft) -> String? {
        guard let reference = use.reference(names), reference.path.isEmpty else { return nil }
        switch reference.root {
        case .param(let name): return VariableName.param(name)
        case .xcom(let xcom):
            return task.needs.contains { $0.value == xcom.task.rawValue } ? VariableName.xcom(xcom) : nil
        case .runID: return "HOLDFAST_RUN_ID"
        case .tryNumber: return "HOLDFAST_TRY"
        case .item: return task.foreach == nil ? nil : VariableName.item
        case .logicalDate: return nil
        }
    }
}

/// Braces with one of our roots in a text that is not rendered.
private struct RootUse {
    let text: String
    let start: String.Index

    static func all(in text: String) -> [RootUse] {
        var uses: [RootUse] = []
        var index = text.startIndex
        while let start = text.openingBraces(from: index) {
            index = text.utf8.index(start, offsetBy: 2)
            let root = String(ReferenceParser.root(in: text, at: start))
            if TemplateReference.roots.contains(root) { uses.append(RootUse(text: text, start: start)) }
        }
        return uses
    }

    private var raw: ReferenceParser.Raw? {
        var parser = ReferenceParser(text, at: start)
        do { return try parser.parse() } catch { return nil }
    }

    func reference(_ names: TemplateNames) -> TemplateReference? {
        guard let raw else { return nil }
        do { return try TemplateReference(raw, in: text, names: names) } catch { return nil }
    }

    var shown: String { "{{ \(raw?.text ?? String(ReferenceParser.root(in: text, at: start)) + " …") }}" }
}
