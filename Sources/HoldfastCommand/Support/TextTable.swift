/// A table for people: columns as wide as they need, the flexible ones cut where the terminal is narrower.
struct TextTable {
    struct Column {
        var title: String
        var isRight = false
        /// May be cut down to its title's width, the last such column first.
        var isFlexible = false
        /// May be left out where even that is not enough, the last such column first.
        var isOptional = false
    }

    struct Cell {
        var text: String
        var style: Style?

        init(_ text: String, _ style: Style? = nil) {
            self.text = text.printable
            self.style = style
        }
    }

    private let columns: [Column]
    private var rows: [[Cell]] = []

    init(_ columns: [Column]) { self.columns = columns }

    mutating func add(_ cells: Cell...) { rows.append(cells) }
    mutating func add(_ cells: [Cell]) { rows.append(cells) }

    func rendered(on terminal: Terminal, indent: Int = 0) -> String {
        let available = terminal.size.map { $0.columns - indent } ?? .max
        var shown = Array(columns.indices)
        var widths = naturalWidths
        while shrink(&widths, shown, to: available) == false, let last = shown.last(where: { columns[$0].isOptional }) {
            shown.removeAll { $0 == last }
            widths = naturalWidths
        }
        let header = columns.map { Cell($0.title, .dim) }
        return ([header] + rows).map { line($0, shown, widths, terminal, indent) + "\n" }.joined()
    }

    private var naturalWidths: [Int] {
        columns.indices.map { column in
            rows.reduce(columns[column].title.count) { max($0, $1[column].text.displayWidth) }
        }
    }

    /// Cuts flexible columns until the shown ones fit.
    /// - Returns: whether they do.
    private func shrink(_ widths: inout [Int], _ shown: [Int], to available: Int) -> Bool {
        var excess = shown.reduce(2 * (shown.count - 1)) { $0 + widths[$1] } - available
        for column in shown.reversed() where columns[column].isFlexible && excess > 0 {
            let cut = min(excess, max(0, widths[column] - max(columns[column].title.count, 4)))
            widths[column] -= cut
            excess -= cut
        }
        return excess <= 0
    }

    private func line(
        _ cells: [Cell], _ shown: [Int], _ widths: [Int], _ terminal: Terminal, _ indent: Int
    ) -> String {
        let last = shown.last { !cells[$0].text.isEmpty } ?? 0
        let parts = shown.prefix { $0 <= last }.map { index in
            let text = cells[index].text.cut(to: widths[index])
            let filling = String(repeating: " ", count: max(0, widths[index] - text.displayWidth))
            let styled = terminal.styled(text, cells[index].style)
            if columns[index].isRight { return filling + styled }
            return index == last ? styled : styled + filling
        }
        return String(repeating: " ", count: indent) + parts.joined(separator: "  ")
    }
}
