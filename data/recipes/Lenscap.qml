// A module for Quickshell: a dot that is lit while the camera is on, and who uses it. A click pauses and resumes.
import QtQuick
import Quickshell.Io

Row {
    id: root

    property var status: null
    readonly property bool isOn: status !== null && (status.live || status.others.length > 0)
    readonly property var users: status === null ? [] : status.clients.filter(client => client.use !== "open")

    spacing: 6
    visible: status !== null
    Accessible.role: Accessible.Button
    Accessible.name: isOn ? qsTr("Camera is on: %1").arg(names.text) : qsTr("Camera is off")
    Accessible.onPressAction: toggle.running = true

    Rectangle {
        anchors.verticalCenter: parent.verticalCenter
        width: 10
        height: 10
        radius: 5
        color: root.isOn ? "#e01b24" : "transparent"
        border.color: "#77767b"
    }

    Text {
        id: names
        textFormat: Text.PlainText
        text: root.users.map(client => client.name).join(", ")
        color: "#ffffff"
    }

    TapHandler {
        onTapped: toggle.running = true
    }

    Process {
        id: watch
        running: true
        command: ["lenscap", "status", "--json", "--watch"]
        stdout: SplitParser {
            onRead: line => root.status = JSON.parse(line)
        }
        onExited: {
            root.status = null;
            again.start();
        }
    }

    Process {
        id: toggle
        command: ["lenscap", "toggle"]
    }

    Timer {
        id: again
        interval: 10000
        onTriggered: watch.running = true
    }
}
