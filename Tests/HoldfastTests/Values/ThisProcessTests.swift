import Foundation
import Holdfast
import Testing

@Suite struct ThisProcessTests {
    @Test("this process is named by host, boot and process id, and by an id of its own")
    func thisProcess() throws {
        let worker = WorkerInfo.thisProcess("biller")
        #expect(worker.processID == getpid())
        #expect(!worker.host.isEmpty)
        let bootID = try String(contentsOfFile: "/proc/sys/kernel/random/boot_id", encoding: .utf8)
        #expect(worker.bootID == bootID.trimmingCharacters(in: .whitespacesAndNewlines))
        #expect(worker.id.rawValue.hasPrefix("biller-"))
        #expect(worker.id != WorkerInfo.thisProcess("biller").id)
    }

    @Test("locks are trusted for the present boot only, and never when it is unknown")
    func trust() {
        #expect(WorkerInfo.isPresent(bootID: WorkerInfo.presentBootID))
        #expect(!WorkerInfo.isPresent(bootID: "another"))
        #expect(!WorkerInfo.isPresent(bootID: nil))
    }
}
