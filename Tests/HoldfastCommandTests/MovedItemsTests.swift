import Foundation
import Holdfast
import Testing

@Suite("Items of a foreach that a mended definition moves")
struct MovedItemsTests {
    private static func pipeline(_ items: String, bad: String) -> String {
        #"""
        name: a
        tasks:
          m:
            foreach: [\#(items)]
            run: |
              echo "log of $ITEM"
              echo "$ITEM" > "$HOLDFAST_ARTIFACTS/f"
              printf 'big=%2000s' "$ITEM" >> "$HOLDFAST_OUTPUT"
              echo "$ITEM $HOLDFAST_IDEMPOTENCY_KEY" >> keys.txt
          bad: { needs: [m], run: '\#(bad)' }

        """#
    }

    @Test(
        "They keep their values, logs, artifacts and idempotency keys, and share none with new ones",
        arguments: StoreKind.tested)
    func moved(_ store: StoreKind) async throws {
        let folder = try Folder(store)
        try folder.write(Self.pipeline("p, q", bad: "exit 1"), to: "a.yaml")
        try folder.write(Self.pipeline("n, p, o, q", bad: "printenv XCOM_M_BIG"), to: "mended.yaml")
        #expect(try await folder.holdfast("run", "a.yaml", "--run-id", "r").status == 1)
        let resumed = try await folder.holdfast("resume", "r", "--file", "mended.yaml")
        #expect(resumed.status == 0, "\(resumed.error)")
        for (index, item) in ["n", "p", "o", "q"].enumerated() {
            #expect(try await folder.holdfast("logs", "r", "m[\(index)]").output == "log of \(item)\n")
            #expect(try await folder.holdfast("artifacts", "r", "m/\(index)/f").output == "\(item)\n")
            #expect(try await folder.holdfast("xcom", "r", "m[\(index)]", "big").output.hasSuffix(" \(item)\n"))
        }
        let keys = try folder.lines("keys.txt").map { $0.split(separator: " ") }
        #expect(keys.count == 4 && Set(keys.map { $0[1] }).count == 4)
        #expect(try await folder.holdfast("verify").status == 0)
    }
}
