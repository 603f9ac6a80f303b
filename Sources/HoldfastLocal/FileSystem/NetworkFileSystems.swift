#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

extension LocalFileSystem {
    package func networkKind(of folder: String) throws(SystemCallError) -> String? {
        #if canImport(Darwin)
            var information = statfs()
            _ = try checked("statfs", folder) { statfs(folder, &information) }
            let isLocal = information.f_flags & UInt32(MNT_LOCAL) != 0
            let name = withUnsafePointer(to: &information.f_fstypename) { pointer in
                String(cString: UnsafeRawPointer(pointer).assumingMemoryBound(to: CChar.self))
            }
            return isLocal ? nil : name
        #else
            return try mountedType(of: folder).flatMap(MountedFileSystem.networkKind)
        #endif
    }

    package func canSyncWhole(_ folder: String) throws(SystemCallError) -> Bool {
        #if canImport(Darwin)
            // `sync` may return before all is written.
            return false
        #else
            var system = utsname()
            _ = try checked("uname", folder) { uname(&system) }
            let release = withUnsafeBytes(of: system.release) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
            guard MountedFileSystem.reportsFailedWrites(kernel: release) else { return false }
            return try mountedType(of: folder).map(MountedFileSystem.syncsWhole.contains) ?? false
        #endif
    }

    #if !canImport(Darwin)
        /// As the kernel calls it; nil: it can't be told.
        private func mountedType(of folder: String) throws(SystemCallError) -> String? {
            var status = stat()
            _ = try checked("stat", folder) { stat(folder, &status) }
            guard let mounts = try contents(of: "/proc/self/mountinfo") else { return nil }
            return MountedFileSystem.type(ofDevice: UInt64(status.st_dev), in: mounts)
        }
    #endif

    /// Nil: there is no such file.
    private func contents(of path: String) throws(SystemCallError) -> String? {
        guard try status(path) != nil else { return nil }
        let file = try open(path, .readOnly)
        var bytes: [UInt8] = []
        while true {
            let piece = try file.read(65_536, at: Int64(bytes.count))
            if piece.isEmpty { return String(decoding: bytes, as: UTF8.self) }
            bytes += piece
        }
    }
}

/// What Linux tells about mounted file systems.
enum MountedFileSystem {
    /// - Parameter mounts: lines as in `/proc/self/mountinfo`: the third field is the device, the type follows a lone dash.
    static func type(ofDevice device: UInt64, in mounts: String) -> String? {
        let major = device >> 8 & 0xFFF | device >> 32 & ~0xFFF
        let minor = device & 0xFF | device >> 12 & ~0xFF & 0xFFFF_FFFF
        for line in mounts.split(separator: "\n") {
            let fields = line.split(separator: " ")
            guard fields.count > 2, fields[2] == "\(major):\(minor)", let dash = fields.firstIndex(of: "-"),
                dash + 1 < fields.count
            else { continue }
            return String(fields[dash + 1])
        }
        return nil
    }

    /// Where `syncfs` does all that `fsync` does. It does not on overlays, which keep a failed write to themselves, nor on most of
    /// FUSE, where it is not passed on.
    static let syncsWhole: Set<String> = ["ext4", "xfs"]

    /// Since Linux 5.8 `syncfs` tells of content that could not be written, since 5.17 of a file system that could not either.
    static func reportsFailedWrites(kernel release: String) -> Bool {
        let numbers = release.split { !$0.isNumber }.prefix(2).compactMap { Int($0) }
        return numbers.count == 2 && (numbers[0], numbers[1]) >= (5, 17)
    }

    /// A name for people, if its files are on another machine.
    static func networkKind(ofType type: String) -> String? {
        if let name = kernelTypes[type] { return name }
        // FUSE serves local file systems too; these are known to reach over a network.
        guard type.hasPrefix("fuse."), fuseTypes.contains(String(type.dropFirst(5))) else { return nil }
        return type
    }

    private static let kernelTypes = [
        "nfs": "NFS", "nfs4": "NFS", "cifs": "SMB", "smb3": "SMB", "smbfs": "SMB", "9p": "9p", "ceph": "Ceph",
        "afs": "AFS", "coda": "Coda", "ncpfs": "NCP", "lustre": "Lustre", "gpfs": "GPFS", "gfs2": "GFS2",
        "ocfs2": "OCFS2", "beegfs": "BeeGFS", "orangefs": "OrangeFS", "pvfs2": "OrangeFS", "panfs": "PanFS",
    ]

    private static let fuseTypes: Set<String> = [
        "sshfs", "s3fs", "rclone", "gcsfuse", "glusterfs", "curlftpfs", "davfs", "davfs2", "goofys", "juicefs",
        "gvfsd-fuse", "blobfuse", "blobfuse2", "mount-s3", "s3backer", "cephfs", "ceph-fuse", "moosefs", "mfs",
        "seaweedfs", "smbnetfs", "geesefs", "ipfs",
    ]
}
